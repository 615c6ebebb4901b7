/** The statements that move a run: what each of them refuses, and that a write may come twice or too late. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sql } from '../../../lib/db/client.ts';
import { cancelRun } from '../../../lib/db/runs/cancel.ts';
import { claimRuns, type ClaimedRun } from '../../../lib/db/runs/claim.ts';
import { requeueRunsOfDeadWorkers, requeueStrays } from '../../../lib/db/runs/reconcile.ts';
import { leaveRuns, writeCheckpoints, type Fence, type TimelineBatch } from '../../../lib/db/runs/write.ts';
import { beat, lead } from '../../../lib/db/workers.ts';
import { NEWEST_FORMAT } from '../../../lib/formats.ts';
import { identity, openRunRows, SUCCEEDED, treeOf, type RunRows } from '../../support/run-rows.ts';

const LEASE_MS = 60_000;
const NOTHING: TimelineBatch = { entriesText: '[]', count: 0, dropped: 0 };
const ENTRY: TimelineBatch = { entriesText: '[{"type":"task_started"}]', count: 1, dropped: 0 };
const DROPPED: TimelineBatch = { entriesText: '[]', count: 0, dropped: 2 };

let rows: RunRows;
let sql: Sql;
let orgId: string;
let workflowId: string;
let workerId: string;

const aliveWorker = (): Promise<string> => rows.aliveWorker();

beforeAll(async () => {
  rows = await openRunRows(2);
  ({ sql, orgId, workflowId } = rows);
});
beforeEach(async () => {
  workerId = await aliveWorker();
});
afterAll(async () => rows.close());

const die = (id: string) =>
  sql`UPDATE workers SET heartbeat_at = now() - interval '10 minutes' WHERE id = ${id}`;

async function insertRun(maxAttempts = 3): Promise<string> {
  const id = randomUUID();
  await sql`INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts)
    VALUES (${id}, ${orgId}, ${workflowId}, 1, 'api', 'test', ${maxAttempts})`;
  return id;
}

const claim = async (runId: string, generation = 0, by = workerId): Promise<ClaimedRun | undefined> =>
  (
    await claimRuns(sql, [{ runId, generation }], {
      workerId: by,
      leaseMs: LEASE_MS,
      maxFormat: NEWEST_FORMAT,
    })
  )[0];

async function claimed(maxAttempts = 3): Promise<{ run: ClaimedRun; fence: Fence }> {
  const run = await claim(await insertRun(maxAttempts));
  if (run === undefined) throw new Error('not claimed');
  return { run, fence: fenceOf(run) };
}

const fenceOf = (run: ClaimedRun): Fence => ({
  runId: run.id,
  lease: run.lease,
  timelineCount: run.timeline_count,
  timelineDropped: run.timeline_dropped,
});

const checkpoint = async (fence: Fence, value: number, batch: TimelineBatch): Promise<number> =>
  (await writeCheckpoints(sql, [{ fence, tree: treeOf(String(value)), batch }])).length;

const progressOf = async (runId: string): Promise<unknown> =>
  (await sql<{ progress: unknown }[]>`SELECT progress FROM workflow_runs WHERE id = ${runId}`)[0]?.progress;

describe('the claim', () => {
  it('takes a run that is queued and due, once, and counts a try', async () => {
    const id = await insertRun();
    const [first, second] = await Promise.all([claim(id), claim(id, 0, await aliveWorker())]);
    const got = [first, second].filter((run) => run !== undefined);
    expect(got).toMatchObject([{ id, lease: 1, attempt_count: 1, resumed: false, exhausted: false }]);
  });

  it('refuses another generation, a run that is not due, and one that has ended', async () => {
    const [id, later] = [await insertRun(), await insertRun()];
    await sql`UPDATE workflow_runs SET next_attempt_at = now() + interval '1 minute' WHERE id = ${later}`;
    expect(await claim(id, 1)).toBeUndefined();
    expect(await claim(later)).toBeUndefined();
    const run = await claim(id);
    if (run !== undefined) await leaveRuns(sql, [{ fence: fenceOf(run), leave: SUCCEEDED, batch: NOTHING }]);
    expect(await claim(id)).toBeUndefined();
  });

  it('takes a running run only from a dead worker, as the next try; after the last try as exhausted', async () => {
    const { run } = await claimed(2);
    const second = await aliveWorker();
    expect(await claim(run.id, 0, second)).toBeUndefined();
    await die(workerId);
    expect(await claim(run.id, 0, second)).toMatchObject({ lease: 2, attempt_count: 2, exhausted: false });
    await die(second);
    expect(await claim(run.id, 0, await aliveWorker())).toMatchObject({
      lease: 3,
      attempt_count: 2,
      exhausted: true,
    });
  });

  it('counts no try when the attempt is resumed', async () => {
    const { run, fence } = await claimed(1);
    await leaveRuns(sql, [
      {
        fence,
        leave: { ...SUCCEEDED, status: 'queued', resuming: true, newGeneration: true },
        batch: NOTHING,
      },
    ]);
    expect(await claim(run.id, 1)).toMatchObject({ attempt_count: 1, resumed: true, exhausted: false });
  });
});

describe('a write of an attempt', () => {
  it('does nothing once the run was cancelled, taken from a dead worker, or taken as a stray', async () => {
    const ends = [
      (id: string) => cancelRun(sql, orgId, id, '[{"type":"run_cancelled"}]'),
      async () => {
        await die(workerId);
        await requeueRunsOfDeadWorkers(sql, {
          leaseMs: LEASE_MS,
          limit: 10,
          entryText: '[{"type":"run_requeued"}]',
          runIds: null,
        });
      },
      () => requeueStrays(sql, { workerId, heldRunIds: [], brokenRunIds: [], minAgeMs: -1000, runIds: null }),
    ];
    for (const end of ends) {
      workerId = await aliveWorker();
      const { run, fence } = await claimed();
      await end(run.id);
      // Also when it knows of every timeline entry, and when another worker has the run already.
      const [row] = await sql<{ timeline_count: number; generation: number }[]>`
        SELECT timeline_count, generation FROM workflow_runs WHERE id = ${run.id}`;
      const knowing = { ...fence, timelineCount: row?.timeline_count ?? 0 };
      await claim(run.id, row?.generation, await aliveWorker());
      expect(await checkpoint(knowing, 1, ENTRY)).toBe(0);
      expect(await leaveRuns(sql, [{ fence: knowing, leave: SUCCEEDED, batch: ENTRY }])).toHaveLength(0);
      expect(await progressOf(run.id)).toBeNull();
    }
  });

  it('may be sent again: the second does nothing, the timeline has its entries once', async () => {
    const { run, fence } = await claimed();
    expect([await checkpoint(fence, 1, ENTRY), await checkpoint(fence, 1, ENTRY)]).toEqual([1, 0]);
    const next = { ...fence, timelineCount: 1 };
    expect(await leaveRuns(sql, [{ fence: next, leave: SUCCEEDED, batch: ENTRY }])).toHaveLength(1);
    expect(await leaveRuns(sql, [{ fence: next, leave: SUCCEEDED, batch: ENTRY }])).toHaveLength(0);
    const rows = await sql<
      { first: number }[]
    >`SELECT first FROM workflow_run_events WHERE run_id = ${run.id} ORDER BY first`;
    expect(rows.map(({ first }) => first)).toEqual([1, 2]);
  });

  it('does not undo a later one when it arrives late, also beyond the timeline kept', async () => {
    const { run, fence } = await claimed();
    expect(await checkpoint(fence, 1, DROPPED)).toBe(1);
    expect(await checkpoint({ ...fence, timelineDropped: 2 }, 2, DROPPED)).toBe(1);
    expect(await checkpoint(fence, 1, DROPPED)).toBe(0);
    expect(await progressOf(run.id)).toBe(2);
  });
});

describe('runs of workers that are gone', () => {
  it('are taken from dead workers only, and with a new generation and lease', async () => {
    const [dead, alive] = [await claimed(), await claimed()];
    await sql`UPDATE workflow_runs SET claimed_by = ${randomUUID()} WHERE id = ${dead.run.id}`;
    const entryText = '[{"type":"run_requeued"}]';
    const rows = await requeueRunsOfDeadWorkers(sql, {
      leaseMs: LEASE_MS,
      limit: 10,
      entryText,
      runIds: null,
    });
    expect(rows.map(({ id }) => id)).toContain(dead.run.id);
    expect(rows.map(({ id }) => id)).not.toContain(alive.run.id);
    expect(await claim(dead.run.id, 1)).toMatchObject({ attempt_count: 2, lease: 3 });
  });

  it('are strays only when the worker has not known them for a while', async () => {
    const [held, stray, young] = [await claimed(), await claimed(), await claimed()];
    await sql`UPDATE workflow_runs SET status_since = now() - interval '1 minute' WHERE id IN (${held.run.id}, ${stray.run.id})`;
    const rows = await requeueStrays(sql, {
      workerId,
      heldRunIds: [held.run.id],
      brokenRunIds: [],
      minAgeMs: 30_000,
      runIds: null,
    });
    expect(rows.map(({ id }) => id)).toEqual([stray.run.id]);
    expect(await claim(stray.run.id, 1)).toMatchObject({ attempt_count: 1, resumed: false });
    expect(await checkpoint(young.fence, 1, ENTRY)).toBe(1);
  });

  it('go back as strays to where they were before the claim whose answer was lost', async () => {
    const takeBack = () =>
      requeueStrays(sql, { workerId, heldRunIds: [], brokenRunIds: [], minAgeMs: -1000, runIds: null });
    const started: TimelineBatch = {
      entriesText: '[{"type":"run_started","attempt":1}]',
      count: 1,
      dropped: 0,
    };
    // Never begun: no try, and not started.
    const { run } = await claimed(1);
    await takeBack();
    const [row] =
      await sql`SELECT status, attempt_count, resuming, started_at FROM workflow_runs WHERE id = ${run.id}`;
    expect(row).toEqual({ status: 'queued', attempt_count: 0, resuming: false, started_at: null });
    // Begun, then handed over: the claim that went on with it is taken back.
    const again = await claim(run.id, 1);
    if (again === undefined) throw new Error('not claimed');
    expect(again).toMatchObject({ attempt_count: 1, resumed: false, exhausted: false });
    const handOver = {
      ...SUCCEEDED,
      status: 'queued',
      outputText: null,
      resuming: true,
      newGeneration: true,
    } as const;
    await leaveRuns(sql, [{ fence: fenceOf(again), leave: handOver, batch: started }]);
    await claim(run.id, 2);
    await takeBack();
    expect(await claim(run.id, 3)).toMatchObject({ attempt_count: 1, resumed: true, exhausted: false });
    // The claim that finds no try left finds none again.
    await die(workerId);
    const entryText = '[{"type":"run_requeued"}]';
    await requeueRunsOfDeadWorkers(sql, { leaseMs: LEASE_MS, limit: 10, entryText, runIds: null });
    workerId = await aliveWorker();
    expect(await claim(run.id, 4)).toMatchObject({ attempt_count: 1, exhausted: true });
    await takeBack();
    expect(await claim(run.id, 5)).toMatchObject({ attempt_count: 1, exhausted: true });
  });

  it('spend a try when their end could not be written, so that they do not come back for ever', async () => {
    const { run } = await claimed();
    await requeueStrays(sql, {
      workerId,
      heldRunIds: [],
      brokenRunIds: [run.id],
      minAgeMs: -1000,
      runIds: null,
    });
    expect(await claim(run.id, 1)).toMatchObject({ attempt_count: 2, resumed: false });
  });
});

describe('a heartbeat', () => {
  it('answers with the leases that are lost, and no others', async () => {
    const [kept, cancelled, ended] = [await claimed(), await claimed(), await claimed()];
    await cancelRun(sql, orgId, cancelled.run.id, '[{"type":"run_cancelled"}]');
    await leaveRuns(sql, [{ fence: ended.fence, leave: SUCCEEDED, batch: ENTRY }]);
    const held = [kept, cancelled, ended].map(({ run }) => ({ runId: run.id, lease: run.lease }));
    const answers = await beat(sql, identity(workerId), { held, stopping: false, leaseMs: LEASE_MS });
    const lost = answers.flatMap((answer) => (answer.kind === 'lost' ? [answer.run_id] : []));
    expect(lost.sort()).toEqual([cancelled.run.id, ended.run.id].sort());
  });
});

describe('the lead', () => {
  it('is held by one worker until it expires', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const take = async (id: string, holdMs: number): Promise<number> =>
      (await lead(sql, 'test', id, holdMs)).length;
    expect([
      await take(one, 60_000),
      await take(other, 60_000),
      await take(one, -1),
      await take(other, 60_000),
    ]).toEqual([1, 0, 1, 1]);
    expect(await take(one, 60_000)).toBe(0);
  });
});
