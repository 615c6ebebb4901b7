/** The timeline's weekly partitions: made ahead, dropped when they are empty, and never in the way. */
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Sql } from '../../../lib/db/client.ts';
import { createPartition, weeksFrom } from '../../../lib/db/partitions.ts';
import type { WorkerDeps } from '../../../worker/deps.ts';
import { createPartitionDuty } from '../../../worker/duties/partitions.ts';
import { createTestDatabase, type TestDatabase } from '../../support/stack.ts';

const WEEK_MS = 7 * 86_400_000;
const DEFAULT = 'workflow_run_events_default';

let database: TestDatabase;
let sql: Sql;
beforeEach(async () => {
  database = await createTestDatabase();
  sql = openDatabase({ url: database.url, timeoutMs: 2000, max: 2, prepare: true, name: 'test' });
});
afterEach(async () => {
  await sql.end();
  await database.drop();
});

const [thisWeek, nextWeek, lastWeek] = weeksFrom(Date.now(), 2).map(({ name }) => name);

function open(connection = sql) {
  const said: string[] = [];
  const log = { warn: (_: unknown, message: string) => said.push(message) };
  const config = { databaseTimeoutMs: 2000, runRetentionDays: 30 };
  return { said, duty: createPartitionDuty({ sql: connection, config, log } as unknown as WorkerDeps) };
}

async function partitions(): Promise<string[]> {
  const found = await sql<{ name: string }[]>`
    SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'workflow_run_events'::regclass ORDER BY 1`;
  return found.map(({ name }) => name);
}

const insert = (at: string) => sql<{ place: string }[]>`
  INSERT INTO workflow_run_events (run_id, org_id, first, entries, created_at)
  VALUES (${randomUUID()}, ${randomUUID()}, 1, '[]', ${at}) RETURNING tableoid::regclass::text AS place`;

describe('the partitions', () => {
  it('are there two weeks ahead, and take the rows of their weeks', async () => {
    await open().duty.tick();
    expect(await partitions()).toEqual([thisWeek, nextWeek, lastWeek, DEFAULT]);
    const now = new Date();
    expect((await insert(now.toISOString()))[0]?.place).toBe(thisWeek);
    expect((await insert(new Date(now.getTime() + WEEK_MS).toISOString()))[0]?.place).toBe(nextWeek);
    expect((await insert(new Date(now.getTime() + 9 * WEEK_MS).toISOString()))[0]?.place).toBe(DEFAULT);
    // Two leaders, for a moment.
    await Promise.all([open().duty.tick(), open().duty.tick()]);
    expect((await partitions()).length).toBe(4);
  });

  it('leave out a week whose rows are in the default one', async () => {
    await insert(new Date().toISOString());
    await open().duty.tick();
    expect(await partitions()).toEqual([nextWeek, lastWeek, DEFAULT]);
    expect((await insert(new Date().toISOString()))[0]?.place).toBe(DEFAULT);
  });

  it('are dropped when they are older than the retention and empty', async () => {
    const [old, held, recent] = [-8, -7, -3].map((weeks) => weeksFrom(Date.now() + weeks * WEEK_MS, 0)[0]);
    if (old === undefined || held === undefined || recent === undefined) throw new Error('no weeks');
    for (const week of [old, held, recent]) await createPartition(sql, week);
    await insert(new Date(held.fromMs + 1).toISOString());
    await open().duty.tick();
    expect(await partitions()).toEqual([held.name, recent.name, thisWeek, nextWeek, lastWeek, DEFAULT]);
  });
});

it('a lock that is not free is not waited for, and tried again', async () => {
  const reader = postgres(database.url, { max: 1, onnotice: () => {} });
  const { duty } = open();
  const transaction = await reader.reserve();
  await transaction`BEGIN`;
  await transaction`SELECT count(*) FROM workflow_run_events`;
  const startedAt = performance.now();
  await duty.tick();
  expect(performance.now() - startedAt).toBeLessThan(1500);
  expect(await partitions()).toEqual([DEFAULT]);
  await transaction`COMMIT`;
  transaction.release();
  await reader.end();
  await duty.tick();
  expect((await partitions()).length).toBe(4);
});

it('a role that may not make tables goes on without them, and says so once', async () => {
  const role = `plain_${randomUUID().slice(0, 8)}`;
  await sql.unsafe(`CREATE ROLE ${role} LOGIN PASSWORD 'plain';
    GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'plain'];
  const plain = openDatabase({ url: url.href, timeoutMs: 2000, max: 1, prepare: true, name: 'test' });
  const { duty, said } = open(plain);
  await duty.tick();
  await duty.tick();
  expect(said).toEqual([expect.stringContaining('may not create tables')]);
  expect(await partitions()).toEqual([DEFAULT]);
  await plain.end();
  await sql.unsafe(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
});
