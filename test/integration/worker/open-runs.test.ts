/** The indexes of runs that have not ended: what is under way does not write them, and what rests does not lengthen a search. */
import { randomUUID } from 'node:crypto';
import type { PendingQuery } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../../lib/db/client.ts';
import { countQueued } from '../../../lib/db/limits.ts';
import { claimRuns } from '../../../lib/db/runs/claim.ts';
import { findRun, listRuns, queueFacts } from '../../../lib/db/runs/read.ts';
import {
  lookForDeadWorkers,
  lookForStrays,
  pageOfWaitingRuns,
  requeueRunsOfDeadWorkers,
  requeueStrays,
  type DuePlace,
} from '../../../lib/db/runs/reconcile.ts';
import { resumeRun, suspendRun } from '../../../lib/db/runs/suspend.ts';
import { leaveRuns, writeCheckpoints, type Fence } from '../../../lib/db/runs/write.ts';
import { NEWEST_FORMAT } from '../../../lib/formats.ts';
import { openRunRows, SUCCEEDED, treeOf, type RunRows } from '../../support/run-rows.ts';

const LEASE_MS = 60_000;
const RESTING = 200_000;
/** Pages of tables and indexes that a search may look at, whatever rests. */
const MAX_PAGES = 150;
const ENTRY = { entriesText: '[{"type":"task_started"}]', count: 1, dropped: 0 };

let rows: RunRows;
let sql: Sql;
let workerId: string;

beforeAll(async () => {
  rows = await openRunRows(1, 20_000);
  ({ sql } = rows);
  workerId = await rows.aliveWorker();
  // Neither the planner's knowledge nor a vacuum is to matter.
  await sql`ALTER TABLE workflow_runs SET (autovacuum_enabled = false)`;
});
afterAll(async () => rows.close());

const insert = (ids: readonly string[]) => sql`
  INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, input)
  SELECT id, ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 3, '{}' FROM unnest(${[...ids]}::uuid[]) AS n(id)`;

const someIds = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

const claim = (ids: readonly string[], by = workerId) =>
  claimRuns(
    sql,
    ids.map((runId) => ({ runId, generation: 0 })),
    { workerId: by, leaseMs: LEASE_MS, maxFormat: NEWEST_FORMAT },
  );

describe('a table of one page', () => {
  it('is not read whole by a batch, whose plan is kept when the table grows', async () => {
    // As many as make an autovacuum analyze the table.
    const ids = someIds(51);
    const [id = ''] = ids;
    await insert(ids);
    await sql`ANALYZE workflow_runs`;
    const fence = { runId: id, lease: 1, timelineCount: 0, timelineDropped: 0 };
    const batch = leaveRuns(sql, [{ fence, leave: SUCCEEDED, batch: ENTRY }]);
    const plan = (await sql<{ 'QUERY PLAN': string }[]>`EXPLAIN ${batch}`).map((row) => row['QUERY PLAN']);
    expect(plan.filter((line) => line.includes(' on workflow_runs r')).join()).toMatch(
      /Index Scan using workflow_runs_pkey/,
    );
    await sql`DELETE FROM workflow_runs`;
  });
});

describe('the updates of a run', () => {
  const updates = async (): Promise<{ all: number; hot: number }> => {
    await sql`SELECT pg_stat_force_next_flush()`;
    const [row] = await sql<{ all: number; hot: number }[]>`
      SELECT n_tup_upd::int AS all, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = 'workflow_runs'`;
    return row ?? { all: 0, hot: 0 };
  };

  it('write no index until it ends', async () => {
    // As many as leave room for a second version of each on their page, whatever the fillfactor.
    const ids = someIds(8);
    const before = await updates();
    await insert(ids);
    await claim(ids);
    const fenceOf = (runId: string, timelineCount: number): Fence => ({
      runId,
      lease: 1,
      timelineCount,
      timelineDropped: 0,
    });
    for (const count of [0, 1, 2]) {
      const checkpoints = ids.map((id) => ({ fence: fenceOf(id, count), tree: treeOf('{}'), batch: ENTRY }));
      expect(await writeCheckpoints(sql, checkpoints)).toHaveLength(ids.length);
    }
    const after = await updates();
    expect(after.all - before.all).toBe(ids.length * 4);
    // All but those that found their page full, as who looks at an older version keeps it there; with an index, none.
    expect(after.hot - before.hot).toBeGreaterThan(ids.length * 2);
    await leaveRuns(
      sql,
      ids.map((id) => ({ fence: fenceOf(id, 3), leave: SUCCEEDED, batch: ENTRY })),
    );
    expect((await updates()).hot).toBe(after.hot);
  });
});

/** Half of them waits, for a time or for a signal, and half is suspended. */
async function fillWithResting(): Promise<void> {
  await sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status, resuming,
      next_attempt_at, generation, suspended_generation)
    SELECT gen_random_uuid(), ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 3,
      CASE WHEN n % 2 = 0 THEN 'suspended' ELSE 'waiting' END, n % 4 <> 0,
      CASE n % 4 WHEN 1 THEN now() + interval '1 hour' WHEN 2 THEN now() - interval '1 hour' WHEN 3 THEN '9999-12-31Z' END,
      1, CASE WHEN n % 2 = 0 THEN 1 END
    FROM generate_series(1, ${RESTING}) n`;
}

describe(`beside ${RESTING} runs that wait or are suspended`, () => {
  let queued: string[];
  let mine: string[];
  let lost: string[];
  let due: string;
  let holder: string;

  beforeAll(async () => {
    await fillWithResting();
    [queued, mine, lost] = [someIds(20), someIds(10), someIds(10)];
    await insert([...queued, ...mine, ...lost]);
    holder = await rows.aliveWorker();
    await claim(mine, holder);
    await claim(lost, randomUUID());
    const [row] = await sql<{ id: string }[]>`
      UPDATE workflow_runs SET next_attempt_at = now() - interval '1 minute', lease = 1
      WHERE id = (SELECT id FROM workflow_runs WHERE status = 'waiting' LIMIT 1) RETURNING id`;
    due = row?.id ?? '';
    await sql`UPDATE workflow_runs SET created_at = now() - interval '1 hour' WHERE id = ANY(${queued}::uuid[])`;
  }, 60_000);

  /** Pages that a statement looks at. */
  async function pagesOf<Rows extends readonly (object | undefined)[]>(
    statement: PendingQuery<Rows>,
  ): Promise<number> {
    const [answer] = await sql<
      { 'QUERY PLAN': { Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number } }[] }[]
    >`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`;
    const plan = answer?.['QUERY PLAN'][0]?.Plan;
    if (plan === undefined) throw new Error('no plan');
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  }

  const page = (after: DuePlace | null = null) =>
    pageOfWaitingRuns(sql, { after, graceMs: 30_000, limit: 500 });

  it('the reconciler finds those that ought to have a job, and looks at few pages', async () => {
    expect(new Set((await page()).map(({ id }) => id))).toEqual(new Set([due, ...queued]));
    expect(await pagesOf(page())).toBeLessThan(MAX_PAGES);
    const last = (await page()).at(-1);
    expect(await page({ dueAt: last?.due_at ?? '', id: last?.id ?? '' })).toEqual([]);
  });

  it('every run that has a job is on some page of a full pass', async () => {
    let count = 0;
    let after: DuePlace | null = null;
    do {
      const found: { due_at: string; id: string }[] = await pageOfWaitingRuns(sql, {
        after,
        graceMs: null,
        limit: 10_000,
      });
      count += found.length;
      const last = found.at(-1);
      after = last === undefined ? null : { dueAt: last.due_at, id: last.id };
    } while (after !== null);
    // A quarter waits for a time; who waits for a signal has no job. One of either may be `due`.
    const [row] = await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM workflow_runs
      WHERE status = 'queued' OR (status = 'waiting' AND next_attempt_at < '9999-01-01Z')`;
    expect(count).toBe(row?.count);
    expect(count).toBeGreaterThan(RESTING / 4);
  });

  it('runs of dead workers and strays are found, and few pages are looked at', async () => {
    const [dead] = await lookForDeadWorkers(sql, null, LEASE_MS);
    expect(dead?.run_ids.toSorted()).toEqual(lost.toSorted());
    expect(dead?.place).toBeNull();
    expect(await pagesOf(lookForDeadWorkers(sql, null, LEASE_MS))).toBeLessThan(MAX_PAGES);
    const own = { workerId: holder, heldRunIds: mine.slice(1), minAgeMs: -1000 };
    expect((await lookForStrays(sql, null, own))[0]?.run_ids).toEqual([mine[0]]);
    expect(await pagesOf(lookForStrays(sql, null, own))).toBeLessThan(MAX_PAGES);
  });

  it('the quota and what a run waits for are counted on few pages', async () => {
    expect(await countQueued(sql, rows.orgId, 1000)).toEqual([{ count: queued.length }]);
    expect(await pagesOf(countQueued(sql, rows.orgId, 1000))).toBeLessThan(MAX_PAGES);
    const [run] = await findRun(sql, rows.orgId, queued.toSorted().at(-1) ?? '', null);
    if (run === undefined) throw new Error('no run');
    expect((await queueFacts(sql, run, LEASE_MS))[0]).toMatchObject({
      ahead: queued.length - 1,
      due_in_ms: 0,
    });
    expect(await pagesOf(queueFacts(sql, run, LEASE_MS))).toBeLessThan(MAX_PAGES);
  });

  it('a look begins where the one before has ended', async () => {
    const [first] = await pageOfWaitingRuns(sql, { after: null, graceMs: null, limit: 1 });
    const place = { dueAt: 'infinity', id: first?.id ?? '' };
    expect((await lookForDeadWorkers(sql, place, LEASE_MS))[0]).toMatchObject({ run_ids: [], place: null });
  });

  it('there is a hurry only for a while after the death of a worker', async () => {
    const hurry = async () => (await lookForDeadWorkers(sql, null, LEASE_MS))[0]?.hurry;
    expect(await hurry()).toBe(false);
    const dying = await rows.aliveWorker();
    await sql`UPDATE workers SET heartbeat_at = now() - interval '61 seconds' WHERE id = ${dying}`;
    expect(await hurry()).toBe(true);
    await sql`UPDATE workers SET heartbeat_at = now() - interval '10 minutes' WHERE id = ${dying}`;
    expect(await hurry()).toBe(false);
  });

  it('the lists of an org and of a workflow look at few pages', async () => {
    const filter = { version: null, statuses: null, labels: {}, from: null, to: null };
    await sql`ANALYZE workflow_runs`;
    for (const workflowId of [null, rows.workflowId]) {
      const list = () =>
        listRuns(sql, { ...filter, orgId: rows.orgId, workflowId }, { before: null, limit: 50 });
      expect(await list()).toHaveLength(50);
      expect(await pagesOf(list())).toBeLessThan(MAX_PAGES);
    }
  });
});

describe('a run that was suspended', () => {
  const isFound = async (id: string): Promise<boolean> => {
    const [row] = await sql<{ at: string }[]>`
      SELECT (COALESCE(next_attempt_at, created_at) - interval '1 second')::text AS at FROM workflow_runs WHERE id = ${id}`;
    const after = { dueAt: row?.at ?? '', id };
    const found = await pageOfWaitingRuns(sql, { after, graceMs: null, limit: 500 });
    return found.some((run) => run.id === id);
  };
  const suspend = (id: string) => suspendRun(sql, rows.orgId, id, '[{"type":"run_suspended"}]');
  const resume = (id: string) => resumeRun(sql, rows.orgId, id, '[{"type":"run_resumed"}]');

  it('is looked for again when it was resumed, however often', async () => {
    const [id] = someIds(1) as [string];
    await insert([id]);
    for (let times = 0; times < 2; times += 1) {
      expect(await isFound(id)).toBe(true);
      await suspend(id);
      expect(await isFound(id)).toBe(false);
      await resume(id);
    }
    expect(await isFound(id)).toBe(true);
  });

  it('is looked for again also by a release that knows nothing of the mark', async () => {
    const [id] = someIds(1) as [string];
    await insert([id]);
    await suspend(id);
    await sql`UPDATE workflow_runs SET status = 'queued', generation = generation + 1 WHERE id = ${id}`;
    expect(await isFound(id)).toBe(true);
    // And where that release suspends, the mark is not there: it is in the way of a search, and yet not found.
    await sql`UPDATE workflow_runs SET status = 'suspended', generation = generation + 1 WHERE id = ${id}`;
    expect(await isFound(id)).toBe(false);
  });

  it.each(['dead worker', 'stray'])('when it was running (%s) is looked for again, too', async (how) => {
    const [id] = someIds(1) as [string];
    await insert([id]);
    await claim([id]);
    await suspend(id);
    if (how === 'stray') {
      const own = { workerId, heldRunIds: [], brokenRunIds: [], minAgeMs: -1000, runIds: [id] };
      await requeueStrays(sql, own);
    } else {
      await sql`UPDATE workflow_runs SET claimed_by = ${randomUUID()} WHERE id = ${id}`;
      const entryText = '[{"type":"run_requeued"}]';
      await requeueRunsOfDeadWorkers(sql, { leaseMs: LEASE_MS, limit: 10, entryText, runIds: [id] });
    }
    const [row] =
      await sql`SELECT status, suspended_generation = generation AS marked FROM workflow_runs WHERE id = ${id}`;
    expect(row).toEqual({ status: 'suspended', marked: true });
    await resume(id);
    expect(await isFound(id)).toBe(true);
  });
});
