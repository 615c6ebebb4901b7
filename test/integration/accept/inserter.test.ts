/** Runs of different requests share a statement, and each has what it would have had alone. */
import { setImmediate as turn } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openInserter, type Inserter } from '../../../lib/accept/inserter.ts';
import { DatabaseTimeout } from '../../../lib/db/failure.ts';
import { findOwnRuns, InsertFailed, type InsertedRun, type NewRun } from '../../../lib/db/runs/insert.ts';
import { openRunRows, type RunRows } from '../../support/run-rows.ts';

const TIMEOUT_MS = 800;
let rows: RunRows;
let inserter: Inserter;
/** Another org, with a workflow of its own. */
const other = { orgId: uuidv7(), workflowId: uuidv7() };

beforeAll(async () => {
  rows = await openRunRows(4, TIMEOUT_MS);
  const { sql } = rows;
  inserter = openInserter({ sql, shared: sql, config: { databaseTimeoutMs: TIMEOUT_MS } });
  await sql`INSERT INTO orgs (id, name) VALUES (${other.orgId}, 'other')`;
  await sql`INSERT INTO workflows (id, org_id, name, draft, draft_source, draft_digest, published_version)
    VALUES (${other.workflowId}, ${other.orgId}, 'test', 'null', '', '', 1)`;
  await sql`INSERT INTO workflow_versions (org_id, workflow_id, version, definition, source, digest, published_by)
    VALUES (${other.orgId}, ${other.workflowId}, 1, 'null', '', '', 'test')`;
});
afterAll(async () => rows.close());

const newRun = (more: Partial<NewRun> = {}): NewRun => ({
  id: uuidv7(),
  orgId: rows.orgId,
  workflowId: rows.workflowId,
  version: null,
  trigger: 'api',
  requestedBy: 'somebody, "quoted"',
  priority: 5,
  labels: {},
  inputText: 'null',
  startAt: null,
  maxAttempts: 3,
  idempotency: null,
  ...more,
});
const withKey = (key: string, more: Partial<NewRun> = {}): NewRun =>
  newRun({ idempotency: { key, digest: 'digest' }, ...more });

/** A request of one run. */
async function insertOne(run: NewRun): Promise<InsertedRun | undefined> {
  const [row] = await inserter.insert([{ run, checkedVersion: null }]);
  return row;
}

it('each gets the row that the database has, whatever is beside it', async () => {
  const runs = [
    newRun({ inputText: '{"b":1,"a":"\\u0000\\ud800 \\"{},NULL"}', labels: { z: '1', team: 'a' } }),
    newRun({ startAt: '2100-01-01T00:00:00Z', priority: 9, maxAttempts: 7 }),
    newRun({ version: 1, trigger: 'batch', inputText: '["NULL","",{}]' }),
    withKey('NULL "{\ud800', other),
    newRun({ requestedBy: 'NULL' }),
  ];
  const inserted = await Promise.all(runs.map(insertOne));
  const stored = new Map(
    (
      await findOwnRuns(
        rows.sql,
        runs.map(({ id }) => id),
      )
    ).map((row) => [row.id, row]),
  );
  for (const [index, run] of runs.entries()) {
    const { delay_ms: delayMs, ...row } = inserted[index] ?? { delay_ms: -1 };
    expect(row).toEqual(stored.get(run.id));
    expect(delayMs > 0).toBe(run.startAt !== null);
  }
  const text = await rows.sql<{ input: string }[]>`
    SELECT input::text COLLATE "C" AS input FROM workflow_runs WHERE id = ${runs[0]?.id ?? ''}`;
  expect(text[0]?.input).toBe(runs[0]?.inputText);
});

it('they share a statement', async () => {
  const runs = Array.from({ length: 50 }, () => newRun());
  await Promise.all(runs.map(insertOne));
  const statements = await rows.sql`
    SELECT DISTINCT xmin::text FROM workflow_runs WHERE id = ANY(${runs.map(({ id }) => id)}::uuid[])`;
  expect(statements).toHaveLength(1);
});

it('one that Postgres cannot read fails alone', async () => {
  const [first, broken, last] = [newRun(), newRun({ inputText: '{' }), newRun()];
  const results = await Promise.allSettled([first, broken, last].map(insertOne));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const [, refused] = results;
  expect(refused?.status === 'rejected' && refused.reason).toMatchObject({ outcome: 'bug' });
  const ids = [first, broken, last].map(({ id }) => id);
  expect((await findOwnRuns(rows.sql, ids)).map(({ id }) => id).toSorted()).toEqual([ids[0], ids[2]]);
});

it('one that cannot run is left out alone, and of one key the first of an org goes in', async () => {
  const runs = [
    newRun({ workflowId: uuidv7() }),
    newRun({ workflowId: other.workflowId }),
    newRun({ version: 2 }),
    withKey('same'),
    withKey('same'),
    withKey('same', other),
  ];
  const inserted = await Promise.all(runs.map(insertOne));
  expect(inserted.map((row) => row !== undefined)).toEqual([false, false, false, true, false, true]);
});

it('statements with the same keys of several orgs never block each other for good', async () => {
  const processes = [
    inserter,
    openInserter({ sql: rows.sql, shared: rows.sql, config: { databaseTimeoutMs: TIMEOUT_MS } }),
    openInserter({ sql: rows.sql, shared: rows.sql, config: { databaseTimeoutMs: TIMEOUT_MS } }),
  ];
  for (let round = 0; round < 20; round += 1) {
    const keys = Array.from({ length: 10 }, (_, n) => `${round}-${n}`);
    const all = processes.flatMap(({ insert }, at) => {
      const runs = keys.flatMap((key) =>
        at === 1 ? [withKey(key, other), withKey(key)] : [withKey(key), withKey(key, other)],
      );
      return (at === 2 ? runs.toReversed() : runs).map((run) => insert([{ run, checkedVersion: null }]));
    });
    const inserted = (await Promise.all(all)).flat();
    expect(inserted).toHaveLength(20);
  }
});

it('one that has waited too long was not sent and never is; those before it were refused', async () => {
  const runs = [newRun(), newRun(), newRun()];
  const results = await rows.sql.begin(async (sql) => {
    await sql`LOCK TABLE workflow_runs IN ACCESS EXCLUSIVE MODE`;
    const inserting: Promise<unknown>[] = [];
    for (const run of runs) {
      inserting.push(insertOne(run));
      await turn();
      await turn();
    }
    return Promise.allSettled(inserting);
  });
  const reasons = results.map((result) => (result.status === 'rejected' ? (result.reason as unknown) : null));
  for (const reason of reasons) {
    expect(reason).toBeInstanceOf(InsertFailed);
    expect(reason).toMatchObject({ outcome: 'none' });
  }
  expect(reasons.map((reason) => (reason as InsertFailed).cause instanceof DatabaseTimeout)).toEqual([
    false,
    false,
    true,
  ]);
  await insertOne(newRun());
  expect(
    await findOwnRuns(
      rows.sql,
      runs.map(({ id }) => id),
    ),
  ).toEqual([]);
});

it('many of one request have a statement of their own, which holds up nobody', async () => {
  const many = Array.from({ length: 300 }, () => newRun({ trigger: 'batch' }));
  const [inserted, alone] = await Promise.all([
    inserter.insert(many.map((run) => ({ run, checkedVersion: null }))),
    insertOne(newRun()),
  ]);
  expect(inserted.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
  expect(alone).toBeDefined();
});
