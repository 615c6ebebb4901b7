/** Runs that share a statement have nothing else in common: what befalls one does not befall the others. */
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../../lib/db/client.ts';
import { cancelRun } from '../../../lib/db/runs/cancel.ts';
import { findParts } from '../../../lib/db/runs/claim.ts';
import { signalRuns } from '../../../lib/db/runs/signal.ts';
import type { Checkpoint, Fence, LastWrite, Leave, TimelineBatch } from '../../../lib/db/runs/write.ts';
import { readTimeline } from '../../../lib/db/runs/timeline.ts';
import { NEWEST_FORMAT } from '../../../lib/formats.ts';
import { CLAIM_CONNECTIONS, createClaims, type Claims } from '../../../worker/claims.ts';
import { createWrites, type Writes } from '../../../worker/writes.ts';
import { openRunRows, SUCCEEDED, treeOf, type RunRows } from '../../support/run-rows.ts';

const TIMEOUT_MS = 700;
const RUNS = 30;
const ENTRY: TimelineBatch = { entriesText: '[{"type":"task_started"}]', count: 1, dropped: 0 };

let rows: RunRows;
let sql: Sql;
let writes: Writes;

beforeAll(async () => {
  rows = await openRunRows(6, TIMEOUT_MS);
  ({ sql } = rows);
  writes = createWrites(sql, TIMEOUT_MS);
});
afterAll(async () => rows.close());

async function insertRuns(count = RUNS, parent: string | null = null): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  await sql`INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts,
      parent_run_id, parent_awaits)
    SELECT id, ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 3, ${parent}, ${parent !== null}
    FROM unnest(${ids}::uuid[]) id`;
  return ids;
}

/** @param id of the worker */
const claimsOf = (id: string, pool = sql): Claims =>
  createClaims(pool, { databaseTimeoutMs: TIMEOUT_MS, leaseMs: 60_000, maxFormat: NEWEST_FORMAT }, { id });

async function claimed(ids: readonly string[]): Promise<Fence[]> {
  const claims = claimsOf(await rows.aliveWorker());
  const runs = await Promise.all(ids.map(async (runId) => claims.claim({ runId, generation: 0 })));
  return runs.map((run) => {
    if (run === undefined) throw new Error('not claimed');
    return { runId: run.id, lease: run.lease, timelineCount: 0, timelineDropped: 0 };
  });
}

/** Statements that have last changed these rows. */
async function statements(ids: readonly string[]): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    SELECT count(DISTINCT xmin::text)::int AS count FROM workflow_runs WHERE id = ANY(${[...ids]}::uuid[])`;
  return row?.count ?? 0;
}

const settled = async (all: readonly Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(all)).map((one) =>
    one.status === 'rejected' ? 'failed' : one.value === null || one.value === undefined ? 'void' : 'done',
  );

const expected = (others: Record<number, string>): string[] =>
  Array.from({ length: RUNS }, (_value, index) => others[index] ?? 'done');

/** Keeps rows locked while `action` is under way. */
async function whileLocked(ids: readonly string[], action: () => Promise<void>): Promise<void> {
  const holder = await sql.reserve();
  try {
    await holder`BEGIN`;
    await holder`SELECT FROM workflow_runs WHERE id = ANY(${[...ids]}::uuid[]) FOR UPDATE`;
    await action();
    await holder`ROLLBACK`;
  } finally {
    holder.release();
  }
}

const checkpointOf = (fence: Fence, rootText = '{}'): Checkpoint => ({
  fence,
  tree: treeOf(rootText),
  batch: ENTRY,
});
const lastOf = (fence: Fence, leave: Partial<Leave> = {}): LastWrite => ({
  fence,
  leave: { ...SUCCEEDED, ...leave },
  batch: ENTRY,
});

describe('checkpoints that come together', () => {
  it('share statements, and each brings its own tree, parts and timeline', async () => {
    const fences = await claimed(await insertRuns());
    const ids = fences.map(({ runId }) => runId);
    const all = fences.map((fence, index) => {
      const checkpoint = checkpointOf(fence, `{"n":${index}}`);
      const written = [{ id: index, text: `"part ${index}"` }];
      return index % 2 === 0 ? checkpoint : { ...checkpoint, tree: { ...checkpoint.tree, written } };
    });
    expect(await settled(all.map(async (one) => writes.checkpoint(one, false)))).toEqual(expected({}));
    expect(await statements(ids)).toBe(1);
    const stored = await sql<{ id: string; n: string }[]>`
      SELECT id, progress ->> 'n' AS n FROM workflow_runs WHERE id = ANY(${ids}::uuid[]) ORDER BY id`;
    expect(stored).toEqual(ids.map((id, index) => ({ id, n: String(index) })));
    for (const [index, id] of ids.entries()) {
      expect(await readTimeline(sql, rows.orgId, id, 0, 10)).toMatchObject([{ first: 1 }]);
      const parts = index % 2 === 0 ? [] : [{ part: index, body: `part ${index}` }];
      expect(await findParts(sql, id)).toEqual(parts);
    }
    // The next ones drop every part.
    const next = fences.map((fence, index) => {
      const { tree, batch } = checkpointOf(fence);
      return { fence: { ...fence, timelineCount: 1 }, tree: { ...tree, dropped: [index] }, batch };
    });
    expect(await settled(next.map(async (one) => writes.checkpoint(one, false)))).toEqual(expected({}));
    expect(await sql`SELECT 1 FROM workflow_run_progress WHERE run_id = ANY(${ids}::uuid[])`).toHaveLength(0);
  });

  it('fail alone for their own data, and are void alone without their lease', async () => {
    const fences = await claimed(await insertRuns());
    await cancelRun(sql, rows.orgId, fences[7]?.runId ?? '', '[]');
    const all = fences.map((fence, index) => checkpointOf(fence, index === 3 ? '{' : '{}'));
    const outcomes = await settled(all.map(async (one) => writes.checkpoint(one, false)));
    expect(outcomes).toEqual(expected({ 3: 'failed', 7: 'void' }));
  });

  it('do not wait for one whose row somebody keeps locked', async () => {
    const fences = await claimed(await insertRuns());
    const all = fences.map((fence) => checkpointOf(fence));
    await whileLocked([fences[5]?.runId ?? ''], async () => {
      const outcomes = await settled(all.map(async (one) => writes.checkpoint(one, false)));
      expect(outcomes).toEqual(expected({ 5: 'failed' }));
    });
    const again = await settled(all.map(async (one) => writes.checkpoint(one, true)));
    expect(again).toEqual(all.map((_one, index) => (index === 5 ? 'done' : 'void')));
  });
});

describe('attempts that end together', () => {
  it('share statements, each with an end of its own', async () => {
    const ids = await insertRuns(5);
    const fences = await claimed(ids);
    const due = { resuming: true, newGeneration: true, outputText: null, tree: treeOf('{"kept":true}') };
    const ends: Partial<Leave>[] = [
      { outputText: '{"a":"\\"q\\" \u00e9"}' },
      { status: 'failed', outputText: null, errorText: '{"status":500}' },
      { ...due, status: 'waiting', untilMs: Date.now() + 3_600_000 },
      { ...due, status: 'queued', resuming: false, delayMs: 60_000.5 },
      { ...due, status: 'suspended' },
    ];
    const left = await Promise.all(
      fences.map(async (fence, index) => writes.leave(lastOf(fence, ends[index]), false)),
    );
    expect(
      left.map((run) => [run?.status, run?.generation, Math.round((run?.delay_ms ?? 0) / 60_000)]),
    ).toEqual([
      ['succeeded', 0, 0],
      ['failed', 0, 0],
      ['waiting', 1, 60],
      ['queued', 1, 1],
      // It was not to be suspended any more.
      ['queued', 1, 0],
    ]);
    expect(await statements(ids)).toBe(1);
    const stored = await sql`
      SELECT output, error, progress, resuming, finished_at IS NOT NULL AS ended FROM workflow_runs
      WHERE id = ANY(${ids}::uuid[]) ORDER BY id`;
    const kept = { output: null, error: null, progress: { kept: true }, resuming: true, ended: false };
    expect(stored).toEqual([
      { output: { a: '"q" \u00e9' }, error: null, progress: null, resuming: false, ended: true },
      { output: null, error: { status: 500 }, progress: null, resuming: false, ended: true },
      kept,
      { ...kept, resuming: false },
      kept,
    ]);
  });

  it('do so beside their children, whose ends lock them: nobody waits in a circle', async () => {
    const ids = await insertRuns();
    const parents = await claimed(ids);
    const children = await claimed((await Promise.all(ids.map(async (id) => insertRuns(1, id)))).flat());
    const asleep = {
      status: 'waiting',
      outputText: null,
      untilMs: Date.now() + 3_600_000,
      resuming: true,
    } as const;
    const all = parents.flatMap((parent, index) => {
      const child = children[index];
      if (child === undefined) throw new Error('no child');
      return [lastOf(parent, asleep), lastOf(child, { wakesParent: true })];
    });
    const outcomes = await settled(all.map(async (one) => writes.leave(one, false)));
    expect(outcomes).toEqual(all.map(() => 'done'));
    // No parent sleeps through the end of its child.
    const late = await sql`
      SELECT 1 FROM workflow_runs WHERE id = ANY(${ids}::uuid[]) AND next_attempt_at > now()`;
    expect(late).toHaveLength(0);
  });
});

describe('claims that come together', () => {
  /** Claims on connections as a worker has them; their statements are over then. */
  async function claimedWhileLocked(
    locked: readonly number[],
  ): Promise<{ ids: string[]; outcomes: string[] }> {
    const ids = await insertRuns();
    const claims = claimsOf(await rows.aliveWorker(), rows.open(CLAIM_CONNECTIONS));
    let outcomes: string[] = [];
    await whileLocked(
      locked.map((index) => ids[index] ?? ''),
      async () => {
        outcomes = await settled(ids.map(async (runId) => claims.claim({ runId, generation: 0 })));
      },
    );
    await claims.close();
    return { ids, outcomes };
  }

  it('share a statement; a run that is asked for twice is given once', async () => {
    const ids = await insertRuns();
    const claims = claimsOf(await rows.aliveWorker());
    const outcomes = await settled(
      [...ids, ...ids].map(async (runId) => claims.claim({ runId, generation: 0 })),
    );
    expect(outcomes).toEqual([...ids.map(() => 'done'), ...ids.map(() => 'void')]);
    expect(await statements(ids)).toBe(1);
  });

  it('of several workers for the same runs, beside signals, each give one of them the run', async () => {
    for (let round = 0; round < 5; round += 1) {
      const ids = await insertRuns();
      const workers = await Promise.all([0, 1, 2].map(async () => claimsOf(await rows.aliveWorker())));
      const given = workers.map(async (claims, index) => {
        // Each in an order of its own.
        const order = index === 1 ? ids.toReversed() : ids;
        return Promise.all(order.map(async (runId) => claims.claim({ runId, generation: 0 })));
      });
      const [lists] = await Promise.all([Promise.all(given), signalRuns(sql, ids)]);
      const got = lists.flat().flatMap((run) => (run === undefined ? [] : [run.id]));
      expect(got.toSorted()).toEqual(ids.toSorted());
    }
  });

  it.each([
    ['one', [2]],
    ['three', [2, 11, 25]],
  ])('do not wait for runs that somebody keeps locked: %s', async (_name, locked) => {
    const { outcomes } = await claimedWhileLocked(locked);
    expect(outcomes).toEqual(expected(Object.fromEntries(locked.map((index) => [index, 'failed']))));
  });

  it('take none that has been given up because many are locked', async () => {
    const { ids, outcomes } = await claimedWhileLocked([2, 9, 10, 17, 18, 25]);
    const taken = await sql<{ id: string }[]>`
      SELECT id FROM workflow_runs WHERE id = ANY(${ids}::uuid[]) AND status = 'running' ORDER BY id`;
    expect(taken.map(({ id }) => id)).toEqual(ids.filter((_id, index) => outcomes[index] === 'done'));
  });
});
