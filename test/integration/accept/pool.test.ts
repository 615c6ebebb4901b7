/** The pool outlives what a network does to it: no query waits for an answer that cannot come. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, type Sql } from '../../../lib/db/client.ts';
import { bounded, type PendingStatement } from '../../../lib/db/failure.ts';
import { createTestDatabase, waitUntil, type TestDatabase } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const TIMEOUT_MS = 1000;
let database: TestDatabase;
let proxy: TcpProxy;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await openTcpProxy(database.url);
  sql = openDatabase({
    url: proxy.through(database.url),
    timeoutMs: TIMEOUT_MS,
    max: 4,
    prepare: true,
    name: 'test',
  });
});
afterAll(async () => {
  await sql.end({ timeout: 1 });
  await proxy.close();
  await database.drop();
});

/** `done`, or the code of the error, and how long that took. */
async function ask(): Promise<{ outcome: string; latencyMs: number }> {
  const sentAt = performance.now();
  const outcome = await bounded(sql`SELECT 1` as PendingStatement<unknown>, TIMEOUT_MS).then(
    () => 'done',
    (error: Error & { code?: string }) => error.code ?? error.name,
  );
  return { outcome, latencyMs: performance.now() - sentAt };
}

/** Calls `action` so many times, each time as a request that comes in over the network does. */
async function onRequests(count: number, action: () => void): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on a port, never on a pipe.
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  for (let index = 0; index < count; index += 1) {
    client.write('x');
    await once(client, 'data');
    action();
  }
  client.destroy();
  server.close();
}

it('a query that meets a connection as it breaks fails at once', async () => {
  const asking: ReturnType<typeof ask>[] = [];
  for (let round = 0; round < 40; round += 1) {
    await waitUntil(async () => (await ask()).outcome === 'done', { what: 'the pool is connected' });
    proxy.cut();
    await onRequests(20, () => asking.push(ask()));
  }
  const answers = await Promise.all(asking);
  expect(answers.filter(({ outcome }) => outcome === 'DatabaseTimeout')).toEqual([]);
  expect(answers.some(({ outcome }) => outcome !== 'done')).toBe(true);
  expect(Math.max(...answers.map(({ latencyMs }) => latencyMs))).toBeLessThan(TIMEOUT_MS);
});

it('connections that are refused cost the pool nothing', async () => {
  await proxy.refuse();
  for (let attempt = 0; attempt < 12; attempt += 1) {
    const { outcome, latencyMs } = await ask();
    expect(outcome).not.toBe('done');
    expect(latencyMs).toBeLessThan(TIMEOUT_MS);
  }
  await proxy.listen();
  await waitUntil(async () => (await ask()).outcome === 'done', { what: 'the pool is connected', timeoutMs: 3000 });
  const all = await Promise.all(Array.from({ length: 20 }, ask));
  expect(all.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
});
