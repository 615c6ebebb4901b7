/** The pool outlives what a network does to it: no query waits for an answer that cannot come. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openDatabase, type Sql } from '../../../lib/db/client.ts';
import { bounded } from '../../../lib/db/failure.ts';
import { createTestDatabase, waitUntil, type TestDatabase } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const TIMEOUT_MS = 1000;
let database: TestDatabase;
let proxy: TcpProxy;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await openTcpProxy(database.url);
});
beforeEach(() => {
  sql = openDatabase({
    url: proxy.through(database.url),
    timeoutMs: TIMEOUT_MS,
    max: 4,
    prepare: true,
    name: 'test',
  });
});
afterEach(() => sql.end({ timeout: 1 }));
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

/** `done`, or the code of the error; DatabaseTimeout without an answer, `empty` with one that is not its own. */
const ask = (): Promise<string> =>
  bounded(sql`SELECT 1`, TIMEOUT_MS).then(
    (rows) => (rows.length === 1 ? 'done' : 'empty'),
    (error: Error & { code?: string }) => error.code ?? error.name,
  );

/** Two ends of a connection, as a client of the API and the API have them. */
async function openPair(): Promise<{ here: Socket; there: Socket; close(): void }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Listening on a port, never on a pipe.
  const here = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [there] = (await once(server, 'connection')) as [Socket];
  const close = (): void => {
    here.destroy();
    there.destroy();
    server.close();
  };
  return { here, there, close };
}

it('a query of a request that comes in just as its connection breaks gets no false answer, nor none', async () => {
  const { here, there, close } = await openPair();
  const asking: Promise<string>[] = [];
  here.on('data', () => void asking.push(ask()));
  for (let round = 0; round < 40; round += 1) {
    await waitUntil(async () => (await ask()) === 'done', { what: 'the pool is connected' });
    // Both arrive in one turn of the loop, and the request after the end of the connection.
    proxy.cut();
    there.write('x');
    await once(here, 'data');
  }
  const outcomes = new Set(await Promise.all(asking));
  close();
  expect([...outcomes].filter((outcome) => ['empty', 'DatabaseTimeout'].includes(outcome))).toEqual([]);
  expect(outcomes.size).toBeGreaterThan(0);
});

it('connections that are refused cost the pool nothing', async () => {
  await proxy.refuse();
  const refused: string[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) refused.push(await ask());
  expect(new Set(refused)).toEqual(new Set(['ECONNREFUSED']));
  await proxy.listen();
  await waitUntil(async () => (await ask()) === 'done', { what: 'the pool is connected', timeoutMs: 3000 });
  const outcomes = await Promise.all(Array.from({ length: 20 }, ask));
  expect(new Set(outcomes)).toEqual(new Set(['done']));
});
