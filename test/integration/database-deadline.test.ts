import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Sql } from '../../lib/db/client.ts';
import { bounded, statementOutcome, type PendingStatement } from '../../lib/db/failure.ts';
import { createTestDatabase, waitUntil, type TestDatabase } from '../support/stack.ts';

let database: TestDatabase;
let admin: Sql;
const closers: (() => Promise<void> | void)[] = [];

const open = (url: string, timeoutMs: number, max = 1): Sql => {
  const sql = openDatabase({ url, timeoutMs, max, prepare: true, name: 'test' });
  closers.push(() => sql.end({ timeout: 0 }));
  return sql;
};

beforeAll(async () => {
  database = await createTestDatabase();
  admin = openDatabase({ url: database.url, timeoutMs: 5000, max: 2, prepare: true, name: 'test-admin' });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await admin`DELETE FROM orgs`;
});
afterAll(async () => {
  await admin.end({ timeout: 1 });
  await database.drop();
});

const insertOrg = (sql: Sql) =>
  sql`INSERT INTO orgs (id, name) VALUES (gen_random_uuid(), ${'late'}) RETURNING id` as PendingStatement<unknown>;
const countOrgs = async (): Promise<number> => (await admin`SELECT FROM orgs`).length;
const sleepers = async (): Promise<number> =>
  (
    await admin`SELECT FROM pg_stat_activity
      WHERE application_name = 'test' AND state = 'active' AND query LIKE 'SELECT pg_sleep%'`
  ).length;
const outcomeOf = async (query: PendingStatement<unknown>, timeoutMs: number): Promise<string> =>
  bounded(query, timeoutMs).then(
    () => 'done',
    (error: unknown) => statementOutcome(query, error),
  );

/** Between the pool and Postgres; holds back what the client sends until it is let through. */
async function openGate(): Promise<{ url: string; letThrough(): void }> {
  const target = new URL(database.url);
  const held: { socket: Socket; chunks: Buffer[] }[] = [];
  const sockets: Socket[] = [];
  let isOpen = false;
  const forward = (socket: Socket, chunks: Buffer[]): void => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    sockets.push(upstream);
    for (const chunk of chunks) upstream.write(chunk);
    socket.removeAllListeners('data');
    socket.pipe(upstream).pipe(socket);
    upstream.on('error', () => {});
  };
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    if (isOpen) return forward(socket, []);
    const entry = { socket, chunks: [] as Buffer[] };
    held.push(entry);
    socket.on('data', (chunk) => void entry.chunks.push(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const letThrough = (): void => {
    isOpen = true;
    for (const { socket, chunks } of held.splice(0)) forward(socket, chunks);
  };
  return { url: url.href, letThrough };
}

describe('the deadline of a statement', () => {
  it('ends the wait for a connection; the statement never has an effect, and the pool goes on', async () => {
    const sql = open(database.url, 5000);
    // Its parameter keeps postgres.js from pipelining behind it: what follows waits for the connection.
    const blocker = sql`SELECT pg_sleep(${1.5})`.execute();
    await waitUntil(async () => (await sleepers()) > 0, { what: 'the blocker runs' });
    const late = insertOrg(sql);
    expect(await outcomeOf(late, 0)).toBe('none');
    await blocker;
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }]);
    expect(await countOrgs()).toBe(0);
  });

  it('knows that a statement was sent: its outcome is unknown', async () => {
    const sql = open(database.url, 5000);
    const holder = await admin.reserve();
    await holder`BEGIN`;
    await holder`LOCK TABLE orgs IN ACCESS EXCLUSIVE MODE`;
    try {
      expect(await outcomeOf(insertOrg(sql), 0)).toBe('unknown');
    } finally {
      await holder`ROLLBACK`;
      holder.release();
    }
    // It was not cancelled: it takes effect once the lock is gone.
    await waitUntil(async () => (await countOrgs()) === 1, { what: 'the sent insert' });
  });

  it('frees a connection that was being opened for a statement that is no longer wanted', async () => {
    const gate = await openGate();
    const sql = open(gate.url, 5000, 2);
    expect(await Promise.all([outcomeOf(insertOrg(sql), 0), outcomeOf(insertOrg(sql), 0)])).toEqual([
      'none',
      'none',
    ]);
    gate.letThrough();
    // A pool that had lost its connections would leave this waiting.
    const query = sql`SELECT ${1}::int AS one` as PendingStatement<unknown>;
    expect(await bounded(query, 3000)).toEqual([{ one: 1 }]);
    expect(await countOrgs()).toBe(0);
  });

  it('has no outcome but none when Postgres cannot be reached', async () => {
    const url = new URL(database.url);
    // Nothing listens on the port of tcpmux.
    url.port = '1';
    const sql = open(url.href, 1000);
    expect(await outcomeOf(insertOrg(sql), 1000)).toBe('none');
  });

  it('is none when the server cancels the statement, and the connection goes on', async () => {
    const sql = open(database.url, 300);
    const query = sql`SELECT pg_sleep(${5})` as PendingStatement<unknown>;
    expect(await outcomeOf(query, 300)).toBe('none');
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }]);
  });
});
