/** The end of a child and the sleep of its parent, in every order: no parent sleeps through it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../../lib/db/client.ts';
import { cancelRun } from '../../../lib/db/runs/cancel.ts';
import { findChildProblem, insertChild, type NewChild } from '../../../lib/db/runs/children.ts';
import { claimRuns } from '../../../lib/db/runs/claim.ts';
import { pageOfWaitingRuns } from '../../../lib/db/runs/reconcile.ts';
import { leaveRuns, type Fence, type Leave } from '../../../lib/db/runs/write.ts';
import { NEWEST_FORMAT } from '../../../lib/formats.ts';
import { NEVER_MS } from '../../../lib/engine/unwind.ts';
import { openRunRows, SUCCEEDED, treeOf, type RunRows } from '../../support/run-rows.ts';
import { waitUntil } from '../../support/stack.ts';

const NOTHING = { entriesText: '[]', count: 0, dropped: 0 };
const ENDED: Leave = { ...SUCCEEDED, wakesParent: true };
const ASLEEP: Leave = {
  ...SUCCEEDED,
  status: 'waiting',
  tree: treeOf('{}'),
  outputText: null,
  untilMs: NEVER_MS,
  resuming: true,
  newGeneration: true,
};

let rows: RunRows;
let sql: Sql;
let orgId: string;
let workflowId: string;
let workerId: string;

beforeAll(async () => {
  rows = await openRunRows(4);
  ({ sql, orgId, workflowId } = rows);
  workerId = await rows.aliveWorker();
});
afterAll(async () => rows.close());

async function running(parent: string | null = null, awaited = true): Promise<Fence> {
  const runId = randomUUID();
  await sql`INSERT INTO workflow_runs
      (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, parent_run_id, parent_awaits)
    VALUES (${runId}, ${orgId}, ${workflowId}, 1, 'api', 'test', 3, ${parent}, ${awaited})`;
  const [run] = await claimRuns(sql, [{ runId, generation: 0 }], {
    workerId,
    leaseMs: 60_000,
    maxFormat: NEWEST_FORMAT,
  });
  return { runId, lease: run?.lease ?? 0, timelineCount: 0, timelineDropped: 0 };
}

const leave = async (fence: Fence, how: Leave) =>
  (await leaveRuns(sql, [{ fence, leave: how, batch: NOTHING }]))[0];

const stateOf = async (fence: Fence) =>
  (
    await sql<{ status: string; due: boolean; generation: number }[]>`
      SELECT status, next_attempt_at <= now() AS due, generation FROM workflow_runs WHERE id = ${fence.runId}`
  )[0];

describe('a parent', () => {
  it('that sleeps when its child ends is due, under a generation whose job the child brings', async () => {
    const parent = await running();
    const child = await running(parent.runId);
    expect((await leave(parent, ASLEEP))?.delay_ms).toBeGreaterThan(1e12);
    expect(await stateOf(parent)).toEqual({ status: 'waiting', due: false, generation: 1 });
    const woken = { parent_id: parent.runId, parent_generation: 2, parent_priority: 5 };
    expect(await leave(child, ENDED)).toMatchObject(woken);
    expect(await stateOf(parent)).toEqual({ status: 'waiting', due: true, generation: 2 });
  });

  it('whose child ends before it goes to sleep is due at once', async () => {
    const parent = await running();
    const child = await running(parent.runId);
    expect(await leave(child, ENDED)).toMatchObject({ parent_id: null });
    expect(await leave(parent, ASLEEP)).toMatchObject({ delay_ms: 0 });
    expect(await stateOf(parent)).toEqual({ status: 'waiting', due: true, generation: 1 });
  });

  it('never sleeps through the end of a child, whichever of the two statements is first', async () => {
    for (let round = 0; round < 40; round += 1) {
      const parent = await running();
      const child = await running(parent.runId);
      const both = [() => leave(parent, ASLEEP), () => leave(child, ENDED)];
      if (round % 2 === 1) both.reverse();
      await Promise.all(both.map(async (write) => write()));
      expect(await stateOf(parent)).toMatchObject({ status: 'waiting', due: true });
    }
  });

  it('sleeps through the end of a child it does not wait for, and through that of a child of before its claim', async () => {
    const parent = await running();
    const child = await running(parent.runId, false);
    await leave(child, ENDED);
    await leave(parent, ASLEEP);
    expect(await stateOf(parent)).toMatchObject({ due: false });
    const other = await running();
    await leave(await running(other.runId), ENDED);
    await leave(other, ASLEEP);
    const [again] = await claimRuns(sql, [{ runId: other.runId, generation: 1 }], {
      workerId,
      leaseMs: 60_000,
      maxFormat: NEWEST_FORMAT,
    });
    await leave({ ...other, lease: again?.lease ?? 0 }, ASLEEP);
    expect(await stateOf(other)).toMatchObject({ due: false });
  });

  it('is woken by the cancellation of its child too', async () => {
    const parent = await running();
    const child = await running(parent.runId);
    await leave(parent, ASLEEP);
    const [row] = await cancelRun(sql, orgId, child.runId, '[]');
    expect(row).toMatchObject({ status: 'cancelled', parent_id: parent.runId, parent_generation: 2 });
    expect(await stateOf(parent)).toMatchObject({ due: true });
  });

  it('that waits for a signal alone gets no job from a search for missing jobs', async () => {
    const parent = await running();
    await leave(parent, ASLEEP);
    const page = await pageOfWaitingRuns(sql, { after: null, graceMs: null, limit: 500 });
    expect(page.map(({ id }) => id)).not.toContain(parent.runId);
  });
});

describe('a child', () => {
  const request = (parent: Fence): NewChild => ({
    id: randomUUID(),
    parentRunId: parent.runId,
    lease: parent.lease,
    orgId,
    namespace: 'test',
    name: 'child',
    version: 'latest',
    inputText: 'null',
    awaited: true,
    maxAttempts: 3,
  });

  it('is not started by a parent that is being cancelled, so that no cancel misses it', async () => {
    await sql`UPDATE workflow_versions SET definition = '{"document":{"namespace":"test","name":"child"}}'
      WHERE org_id = ${orgId}`;
    const parent = await running();
    expect(await insertChild(sql, request(parent))).toHaveLength(1);
    const connection = await sql.reserve();
    await connection`BEGIN`;
    await connection`UPDATE workflow_runs SET status = 'cancelled', finished_at = now(), claimed_by = NULL, lease = lease + 1
      WHERE id = ${parent.runId}`;
    const late = request(parent);
    const inserted = insertChild(sql, late).then((rows) => rows.length);
    await waitUntil(
      async () => {
        const [row] = await sql<{ waits: boolean }[]>`
          SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN (
            SELECT pid FROM pg_stat_activity WHERE datname = current_database())) AS waits`;
        return row?.waits;
      },
      { what: 'the insert waits for the cancellation' },
    );
    await connection`COMMIT`;
    connection.release();
    expect(await inserted).toBe(0);
    expect(await findChildProblem(sql, late)).toMatchObject([{ exists: false, held: false, found: true }]);
  });
});
