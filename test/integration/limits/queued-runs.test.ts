/** lib/limits/queued-runs on a real Postgres: how often is counted. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { uuidv7 } from 'uuidv7';
import { openQueuedRuns } from '../../../lib/limits/queued-runs.ts';
import { openRunRows, type RunRows } from '../../support/run-rows.ts';

const config = { databaseTimeoutMs: 2000 };
let rows: RunRows;
beforeAll(async () => {
  rows = await openRunRows(2);
});
afterAll(async () => rows.close());
beforeEach(async () => {
  await rows.sql`DELETE FROM workflow_runs`;
});

async function queueOne({ sql, orgId, workflowId }: RunRows): Promise<void> {
  await sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status)
    VALUES (${uuidv7()}, ${orgId}, ${workflowId}, 1, 'api', 'test', 1, 'queued')`;
}

it('a count that takes long is believed for longer', async () => {
  let nowMs = 0;
  const queued = openQueuedRuns({ sql: rows.sql, config }, () => nowMs);
  const first = queued.take(rows.orgId, 1, 0);
  nowMs = 100;
  await first;
  await queueOne(rows);
  nowMs = 1900;
  expect(await queued.take(rows.orgId, 1, 1)).toBe(1);
  nowMs = 2100;
  expect(await queued.take(rows.orgId, 1, 1)).toBe(0);
});

it('nobody counts again while a count is under way', async () => {
  let nowMs = 0;
  const queued = openQueuedRuns({ sql: rows.sql, config }, () => nowMs);
  const first = queued.take(rows.orgId, 1, 1);
  nowMs = 1000;
  const second = queued.take(rows.orgId, 1, 1);
  expect(await Promise.all([first, second])).toEqual([1, 0]);
});
