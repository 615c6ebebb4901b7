/** lib/queue/connection on a real Redis: few writes to the socket, and nothing else about a command is different. */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { failFastOptions, openRedis, patientOptions } from '../../../lib/queue/connection.ts';
import { startTestRedis, waitUntil, type TestRedis } from '../../support/stack.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(async () => server.stop());

async function connected(options: Parameters<typeof openRedis>[1]): Promise<Redis> {
  const redis = openRedis(server.url, options, () => {});
  await waitUntil(() => redis.status === 'ready', { what: 'it is connected' });
  return redis;
}

/** How many writes the connection's socket has been given from now on. */
function countWrites({ stream }: Redis): () => number {
  let writes = 0;
  const { _write, _writev } = stream;
  stream._write = (...args) => {
    writes += 1;
    _write.apply(stream, args);
  };
  stream._writev = (...args) => {
    writes += 1;
    _writev?.apply(stream, args);
  };
  return () => writes;
}

it('commands that one callback gives rise to, through its promises too, are one write, in their order', async () => {
  const redis = await connected(failFastOptions(2000, 'test'));
  const writes = countWrites(redis);
  const appended = async (n: number): Promise<number> => {
    await Promise.resolve();
    return redis.append('text', String(n % 10));
  };
  await Promise.all([redis.set('text', ''), ...Array.from({ length: 50 }, (_none, n) => appended(n))]);
  expect(writes()).toBe(1);
  expect(await redis.get('text')).toBe('0123456789'.repeat(5));
  // What follows from one answer goes together as well; a lone command by itself.
  expect(writes()).toBe(2);
  redis.disconnect();
});

it('a lone command is sent in the turn in which it was given', async () => {
  const redis = await connected(failFastOptions(2000, 'test'));
  const { stream } = redis;
  const before = stream.bytesWritten;
  const answer = redis.ping();
  const sent = await new Promise<boolean>((resolve) => {
    setImmediate(() => resolve(stream.bytesWritten > before && stream.writableLength === 0));
  });
  expect(sent).toBe(true);
  expect(await answer).toBe('PONG');
  redis.disconnect();
});

it('what was on its way when the connection is lost fails at once, and the next connection works', async () => {
  const redis = await connected(failFastOptions(2000, 'test'));
  const lost = redis.ping();
  redis.stream.destroy();
  await expect(lost).rejects.toThrow(/max retries/);
  await waitUntil(() => redis.status === 'ready', { what: 'it is connected again' });
  const writes = countWrites(redis);
  expect(await Promise.all([redis.ping(), redis.ping()])).toEqual(['PONG', 'PONG']);
  expect(writes()).toBe(1);
  redis.disconnect();
});

it('a connection that waits out an outage sends again what was on its way', async () => {
  const redis = await connected(patientOptions('test'));
  const [first, second] = [redis.ping(), redis.ping()];
  redis.stream.destroy();
  expect(await Promise.all([first, second])).toEqual(['PONG', 'PONG']);
  redis.disconnect();
});
