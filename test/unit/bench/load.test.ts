import { createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { runClosed } from '../../../bench/lib/load/closed.ts';
import { parseAnswer } from '../../../bench/lib/load/connection.ts';
import { gapsMs } from '../../../bench/lib/load/paced.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that counts connections and requests, and answers each in two pieces. */
async function openServer(): Promise<{ port: number; counts: { connections: number; requests: number } }> {
  const counts = { connections: 0, requests: 0 };
  const server = createServer((socket) => {
    counts.connections += 1;
    socket.on('data', () => {
      counts.requests += 1;
      socket.write('HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n');
      setImmediate(() => socket.write('{}'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, counts };
}

test('an answer is read when it is whole, by its length or in chunks', () => {
  const head = 'HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\n';
  expect(parseAnswer('HTTP/1.1 201 Cre')).toBeNull();
  expect(parseAnswer(`${head}{"a`)).toBeNull();
  expect(parseAnswer(`${head}{"a":`)).toEqual({ status: 201, body: '{"a":' });
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  expect(parseAnswer(`${chunked}2\r\n{"\r\n`)).toBeNull();
  expect(parseAnswer(`${chunked}4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n`)).toEqual({
    status: 200,
    body: '{"a":1}',
  });
});

test('a closed load sends exactly its requests, over its connections, to all targets', async () => {
  const [left, right] = [await openServer(), await openServer()];
  const target = (port: number) => ({ host: '127.0.0.1', port, path: '/', apiKey: 'k' });
  const { statuses } = await runClosed({
    kind: 'closed',
    targets: [target(left.port), target(right.port)],
    json: '{}',
    connections: 6,
    count: 50,
  });
  expect(statuses).toEqual({ 201: 50 });
  expect([left.counts.connections, right.counts.connections]).toEqual([3, 3]);
  expect(left.counts.requests + right.counts.requests).toBe(50);
});

test('gaps keep the rate, vary, and are the same each time', () => {
  const gaps = gapsMs(20, 2000);
  const meanMs = gaps.reduce((total, gap) => total + gap, 0) / gaps.length;
  expect(meanMs).toBeGreaterThan(48);
  expect(meanMs).toBeLessThan(52);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(25);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(75);
  expect(gapsMs(20, 2000)).toEqual(gaps);
});
