/** Statements about many runs read those runs and no others, whatever the planner knows of the table or once knew. */
import { randomUUID } from 'node:crypto';
import type { PendingQuery } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../../lib/db/client.ts';
import { claimRuns } from '../../../lib/db/runs/claim.ts';
import { leaveRuns, writeCheckpoints, type Fence } from '../../../lib/db/runs/write.ts';
import { NEWEST_FORMAT } from '../../../lib/formats.ts';
import { openRunRows, SUCCEEDED, treeOf, type RunRows } from '../../support/run-rows.ts';

const QUEUED = 20_000;
const BATCH = 40;
/** Rows of `workflow_runs` that a statement may look at for one of its own. */
const MAX_ROWS_READ = 4;
/** Pages of every table and index that a statement may look at for one run. */
const MAX_PAGES = 120;
const BATCH_OF_ENTRIES = { entriesText: '[{"type":"task_started"}]', count: 1, dropped: 0 };

let rows: RunRows;
let sql: Sql;
let workerId: string;

/** As often as it takes the session to settle for a plan that it keeps. */
const PLANNED_TIMES = 8;

async function sendToNobody(): Promise<void> {
  const fence = fenceOf({ id: randomUUID(), lease: 1 });
  await claimRuns(sql, [{ runId: fence.runId, generation: 0 }], by());
  await checkpoints([fence]);
  await leaves([fence]);
}

/** Fills the table while the planner still believes what it knew of the empty one. */
async function fill(isAnalyzed: boolean): Promise<void> {
  rows = await openRunRows(1);
  ({ sql } = rows);
  workerId = await rows.aliveWorker();
  await sql`ALTER TABLE workflow_runs SET (autovacuum_enabled = false)`;
  if (isAnalyzed) await sql`ANALYZE workflow_runs`;
  for (let time = 0; time < PLANNED_TIMES; time += 1) await sendToNobody();
  await sql`INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, input)
    SELECT gen_random_uuid(), ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 3, '{}'
    FROM generate_series(1, ${QUEUED})`;
}

const pick = () => sql<{ id: string }[]>`
  SELECT id FROM workflow_runs WHERE status = 'queued' ORDER BY id DESC LIMIT ${BATCH}`;

const by = () => ({ workerId, leaseMs: 60_000, maxFormat: NEWEST_FORMAT });

/** Rows of the table that this session has read so far. */
async function rowsRead(): Promise<number> {
  const [row] = await sql<{ read: number }[]>`
    SELECT (seq_tup_read + idx_tup_fetch)::int AS read FROM pg_stat_xact_user_tables WHERE relname = 'workflow_runs'`;
  return row?.read ?? 0;
}

/** Rows that a statement reads, in a transaction that is taken back. */
async function readsOf(send: () => PromiseLike<readonly unknown[]>): Promise<number> {
  const before = await rowsRead();
  expect(await send()).toHaveLength(BATCH);
  return (await rowsRead()) - before;
}

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** How the table is read, and pages that were looked at for one run. */
async function planOf<Rows extends readonly (object | undefined)[]>(
  statement: PendingQuery<Rows>,
): Promise<{ scans: string[]; pages: number }> {
  const [answer] = await sql<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>`
    EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`;
  const root = answer?.['QUERY PLAN'][0]?.Plan;
  if (root === undefined) throw new Error('no plan');
  const all = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(all)];
  const scans = all(root)
    .filter((node) => node['Relation Name'] === 'workflow_runs' && node['Node Type'] !== 'ModifyTable')
    .map((node) => `${node['Node Type']} ${node['Index Name'] ?? ''}`);
  return { scans, pages: (root['Shared Hit Blocks'] + root['Shared Read Blocks']) / BATCH };
}

const fenceOf = ({ id, lease }: { id: string; lease: number }): Fence => ({
  runId: id,
  lease,
  timelineCount: 0,
  timelineDropped: 0,
});
const checkpoints = (fences: readonly Fence[]) =>
  writeCheckpoints(
    sql,
    fences.map((fence) => ({ fence, tree: treeOf('{}'), batch: BATCH_OF_ENTRIES })),
  );
const leaves = (fences: readonly Fence[]) =>
  leaveRuns(
    sql,
    fences.map((fence) => ({ fence, leave: SUCCEEDED, batch: BATCH_OF_ENTRIES })),
  );

describe.each([
  ['that was never analyzed', false],
  ['that was analyzed when it was empty', true],
])('in a table %s', (_name, isAnalyzed) => {
  beforeAll(async () => fill(isAnalyzed));
  afterAll(async () => rows.close());

  it.each(['auto', 'force_custom_plan', 'force_generic_plan'])(
    'a batch reads its own rows (%s)',
    async (mode) => {
      await sql`SELECT set_config('plan_cache_mode', ${mode}, false)`;
      const claims = (await pick()).map(({ id }) => ({ runId: id, generation: 0 }));
      await sql`BEGIN`;
      const claiming = await readsOf(() => claimRuns(sql, claims, by()));
      const fences = claims.map(({ runId }) => fenceOf({ id: runId, lease: 1 }));
      const checking = await readsOf(() => checkpoints(fences));
      const leaving = await readsOf(() => leaves(fences.map((fence) => ({ ...fence, timelineCount: 1 }))));
      await sql`ROLLBACK`;
      expect(Math.max(claiming, checking, leaving)).toBeLessThanOrEqual(BATCH * MAX_ROWS_READ);
    },
  );

  it('a batch finds its rows by their key, and looks at few pages', async () => {
    const claims = (await pick()).map(({ id }) => ({ runId: id, generation: 0 }));
    const claiming = await planOf(claimRuns(sql, claims, by()));
    const fences = claims.map(({ runId }) => fenceOf({ id: runId, lease: 1 }));
    const checking = await planOf(checkpoints(fences));
    const leaving = await planOf(leaves(fences.map((fence) => ({ ...fence, timelineCount: 1 }))));
    const byKey = 'Index Scan workflow_runs_pkey';
    expect([claiming.scans, checking.scans, leaving.scans]).toEqual([[byKey, byKey], [byKey], [byKey]]);
    expect(Math.max(claiming.pages, checking.pages, leaving.pages)).toBeLessThan(MAX_PAGES);
    // The statements did what they say.
    const [left] = await sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM workflow_runs WHERE status = 'succeeded' AND claimed_by IS NULL`;
    expect(left?.count).toBe(BATCH);
  });

  it('a run that is not there costs no search for it', async () => {
    const before = await rowsRead();
    const claims = Array.from({ length: BATCH }, () => ({ runId: randomUUID(), generation: 0 }));
    expect(await claimRuns(sql, claims, by())).toHaveLength(0);
    expect((await rowsRead()) - before).toBe(0);
  });
});
