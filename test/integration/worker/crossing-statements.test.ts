/** Statements that cross others on their way: on the same rows, late, or while something is taken back. */
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../../lib/db/client.ts';
import { cancelRun } from '../../../lib/db/runs/cancel.ts';
import { cancelAwaitedChildren } from '../../../lib/db/runs/cancel-children.ts';
import { claimRuns } from '../../../lib/db/runs/claim.ts';
import { removeUnaccepted } from '../../../lib/db/runs/insert.ts';
import { requeueRunsOfDeadWorkers } from '../../../lib/db/runs/reconcile.ts';
import { signalRuns } from '../../../lib/db/runs/signal.ts';
import { resumeRun, suspendRun } from '../../../lib/db/runs/suspend.ts';
import { readTimeline } from '../../../lib/db/runs/timeline.ts';
import { dropPartsOfCancelled, findOwnWrite } from '../../../lib/db/runs/own-write.ts';
import { leaveRuns, writeCheckpoints, type Fence, type TimelineBatch } from '../../../lib/db/runs/write.ts';
import { TreeWriter } from '../../../lib/engine/parts.ts';
import { newProgress } from '../../../lib/engine/tree.ts';
import { NEWEST_FORMAT } from '../../../lib/formats.ts';
import { openRunRows, SUCCEEDED, type RunRows } from '../../support/run-rows.ts';
import { waitUntil } from '../../support/stack.ts';

const NOTHING: TimelineBatch = { entriesText: '[]', count: 0, dropped: 0 };

let rows: RunRows;
let sql: Sql;

beforeAll(async () => {
  rows = await openRunRows(3);
  ({ sql } = rows);
});
afterAll(async () => rows.close());

/** A run without a job. @param parent that waits for it */
async function insertRun(status = 'queued', parent: string | null = null): Promise<string> {
  const id = uuidv7();
  await sql`INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status,
      parent_run_id, parent_awaits)
    VALUES (${id}, ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 3, ${status}, ${parent}, ${parent !== null})`;
  return id;
}

/** A run that a worker has claimed. */
async function claimRow(): Promise<Fence> {
  const runId = await insertRun();
  const workerId = await rows.aliveWorker();
  const [run] = await claimRuns(sql, [{ runId, generation: 0 }], {
    workerId,
    leaseMs: 60_000,
    maxFormat: NEWEST_FORMAT,
  });
  return { runId, lease: run?.lease ?? 0, timelineCount: 0, timelineDropped: 0 };
}

const blocked = (): Promise<unknown> =>
  waitUntil(
    async () =>
      (
        await sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      ).length > 0,
    { what: 'the statement waits for a row' },
  );

/** Sends a statement while the end of a run has its own row and is about to lock that of its parent. */
async function whileChildEnds(
  child: string,
  parent: string,
  send: () => PromiseLike<unknown>,
): Promise<void> {
  const ending = await sql.reserve();
  try {
    await ending`BEGIN`;
    await ending`UPDATE workflow_runs SET priority = 6 WHERE id = ${child}`;
    const sent = Promise.resolve(send());
    await blocked();
    await ending`UPDATE workflow_runs SET priority = 6 WHERE id = ${parent}`;
    await ending`COMMIT`;
    await sent;
  } finally {
    ending.release();
  }
}

describe('a statement about several runs', () => {
  it('waits for the end of a child without keeping it from its parent', async () => {
    const top = await insertRun('waiting');
    const parent = await insertRun('waiting', top);
    const child = await insertRun('waiting', parent);
    await whileChildEnds(child, parent, () => signalRuns(sql, [parent, child]));
    const family = [parent, child].map((id) => ({ id, parent_run_id: id === child ? parent : top }));
    await whileChildEnds(child, parent, () =>
      cancelAwaitedChildren(sql, family, '[{"type":"run_cancelled"}]'),
    );
    const ended =
      await sql`SELECT 1 FROM workflow_runs WHERE id IN (${parent}, ${child}) AND status = 'cancelled'`;
    expect(ended).toHaveLength(2);
  });
});

describe('a checkpoint without entries', () => {
  it('does not undo a later one when it arrives late, and shows that it has landed', async () => {
    const fence = await claimRow();
    const { runId } = fence;
    const progress = newProgress();
    const writer = new TreeWriter(progress, 1 << 20);
    const write = () => {
      progress.steps += 1;
      const tree = writer.write(2);
      if (tree === null) throw new Error('too large');
      return tree;
    };
    const send = async (tree: ReturnType<typeof write>): Promise<number> =>
      (await writeCheckpoints(sql, [{ fence, tree, batch: NOTHING }])).length;
    const [first, second] = [write(), write()];
    expect([await send(first), await send(second)]).toEqual([1, 1]);
    expect([await send(second), await send(first)]).toEqual([0, 0]);
    const [row] = await sql<
      { progress: { steps: number } }[]
    >`SELECT progress FROM workflow_runs WHERE id = ${runId}`;
    expect(row?.progress.steps).toBe(2);
    expect(await findOwnWrite(sql, runId)).toMatchObject([{ revision: second.revision }]);
    expect(await send(write())).toBe(1);
  });
});

describe('a checkpoint under way when its run is cancelled', () => {
  it('leaves no parts behind once its worker lets go', async () => {
    const fence = await claimRow();
    const tree = new TreeWriter({ ...newProgress(), context: 'x'.repeat(5000) }, 1 << 20).write(2);
    if (tree === null) throw new Error('too large');
    const writing = await sql.reserve();
    await writing`BEGIN`;
    await writeCheckpoints(writing, [{ fence, tree, batch: NOTHING }]);
    const cancelling = Promise.resolve(cancelRun(sql, rows.orgId, fence.runId, '[{"type":"run_cancelled"}]'));
    await blocked();
    await writing`COMMIT`;
    writing.release();
    expect(await cancelling).toHaveLength(1);
    await dropPartsOfCancelled(sql, fence.runId);
    expect(await sql`SELECT 1 FROM workflow_run_progress WHERE run_id = ${fence.runId}`).toHaveLength(0);
  });

  it('keeps those of a run that goes on elsewhere', async () => {
    const fence = await claimRow();
    await sql`INSERT INTO workflow_run_progress (run_id, part, body) VALUES (${fence.runId}, 1, '1')`;
    await dropPartsOfCancelled(sql, fence.runId);
    expect(await sql`SELECT 1 FROM workflow_run_progress WHERE run_id = ${fence.runId}`).toHaveLength(1);
  });
});

describe('taking back a run that the queue did not take', () => {
  it('leaves one that was suspended and resumed: a replay may have answered that it is accepted', async () => {
    const [fresh, resumed] = [await insertRun(), await insertRun()];
    await suspendRun(sql, rows.orgId, resumed, '[{"type":"run_suspended"}]');
    await resumeRun(sql, rows.orgId, resumed, '[{"type":"run_resumed"}]');
    const gone = await removeUnaccepted(sql, [fresh, resumed]);
    expect(gone.map(({ id }) => id)).toEqual([fresh]);
  });
});

describe('the timeline of a run that was to be suspended', () => {
  const suspend = ({ runId }: Fence) => suspendRun(sql, rows.orgId, runId, '[]');
  const resume = ({ runId }: Fence) => resumeRun(sql, rows.orgId, runId, '[]');
  const parks = (fence: Fence, batch: TimelineBatch) =>
    leaveRuns(sql, [{ fence, leave: { ...SUCCEEDED, status: 'waiting' }, batch }]);
  const story = async ({ runId }: Fence) => ({
    count: (
      await sql<{ timeline_count: number }[]>`SELECT timeline_count FROM workflow_runs WHERE id = ${runId}`
    )[0]?.timeline_count,
    rows: (await readTimeline(sql, rows.orgId, runId, 0, 10)).map(({ first, entries }) => [
      first,
      ...entries.map(({ type }) => type),
    ]),
  });
  const WAITING: TimelineBatch = { entriesText: '[{"type":"run_waiting"}]', count: 1, dropped: 0 };

  it('says so when the attempt lets go of it before its worker has learned of it', async () => {
    const fence = await claimRow();
    await suspend(fence);
    expect(await parks(fence, WAITING)).toMatchObject([{ status: 'suspended' }]);
    expect(await story(fence)).toEqual({ count: 2, rows: [[1, 'run_waiting', 'run_suspended']] });
    const quiet = await claimRow();
    await suspend(quiet);
    await parks(quiet, NOTHING);
    expect(await story(quiet)).toEqual({ count: 1, rows: [[1, 'run_suspended']] });
  });

  it('says so when its worker has died', async () => {
    const fence = await claimRow();
    await suspend(fence);
    await sql`UPDATE workflow_runs SET claimed_by = ${uuidv7()} WHERE id = ${fence.runId}`;
    const entryText = '[{"type":"run_requeued"}]';
    await requeueRunsOfDeadWorkers(sql, { leaseMs: 60_000, limit: 10, entryText, runIds: null });
    expect(await story(fence)).toEqual({ count: 2, rows: [[1, 'run_requeued', 'run_suspended']] });
  });

  it('does not when that was taken back in time', async () => {
    const fence = await claimRow();
    await suspend(fence);
    await resume(fence);
    expect(
      await leaveRuns(sql, [{ fence, leave: { ...SUCCEEDED, status: 'suspended' }, batch: NOTHING }]),
    ).toMatchObject([{ status: 'queued' }]);
    expect(await story(fence)).toEqual({ count: 0, rows: [] });
  });
});
