/** The worker's two statements for a run of pure tasks, on a table of queued runs: alone, and many in one. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Lifetime } from '../../scripts/stack/lifetime.ts';
import { openDatabase, type Sql } from '../../lib/db/client.ts';
import { claimRuns, type ClaimedRun } from '../../lib/db/runs/claim.ts';
import { leaveRuns } from '../../lib/db/runs/write.ts';
import { beat } from '../../lib/db/workers.ts';
import { NEWEST_FORMAT } from '../../lib/formats.ts';
import { median, type Figure } from '../measure.ts';
import { CONCURRENCY, CONNECTIONS, EMPTY_BODY } from './bench.ts';
import { bundleAll } from './bundle.ts';
import { startChild } from './child.ts';
import type { ClosedLoad } from './load/closed.ts';
import { startServices } from './services.ts';
import { openVespid } from './vespid-system.ts';

const ROUNDS = 40;
const BATCH = 32;
const TIMEOUT_MS = 10_000;
const LEASE_MS = 600_000;

/** A worker that holds its runs. */
interface Holder {
  sql: Sql;
  workerId: string;
}

const claim = ({ sql, workerId }: Holder, runIds: readonly string[]): Promise<ClaimedRun[]> =>
  claimRuns(
    sql,
    runIds.map((runId) => ({ runId, generation: 0 })),
    { workerId, leaseMs: LEASE_MS, maxFormat: NEWEST_FORMAT },
  );

/** What three `set` tasks leave in the timeline. */
const entriesText = JSON.stringify(
  ['run_started', ...['a', 'b', 'c'].flatMap(() => ['task_started', 'task_completed']), 'run_succeeded'].map(
    (type, index) => ({ type, at: '2026-01-01T00:00:00.000Z', task: `/do/${index >> 1}/a` }),
  ),
);

const finish = ({ sql }: Holder, runs: readonly ClaimedRun[]): Promise<{ id: string }[]> =>
  leaveRuns(
    sql,
    runs.map((run) => ({
      fence: {
        runId: run.id,
        lease: run.lease,
        timelineCount: run.timeline_count,
        timelineDropped: run.timeline_dropped,
      },
      leave: {
        status: 'succeeded',
        tree: null,
        dropsParts: false,
        outputText: '{"x":3}',
        errorText: null,
        delayMs: null,
        untilMs: null,
        resuming: false,
        newGeneration: false,
        wakesParent: false,
        suspendedText: '',
      },
      batch: { entriesText, count: 8, dropped: 0 },
    })),
  );

/** A Vespid without a worker whose queue holds that many runs. @returns its database */
async function queueRuns(root: string, count: number, lifetime: Lifetime): Promise<string> {
  const services = await startServices(root, lifetime);
  const bundles = await bundleAll(root, join(services.dataDir, 'bundles'));
  const load = startChild(bundles.load);
  lifetime.onClose('load generator', () => load.stop());
  const { targets, databaseUrl } = await openVespid(root, services, 1, lifetime);
  const command: ClosedLoad = {
    kind: 'closed',
    targets: targets('sets'),
    json: EMPTY_BODY,
    connections: CONNECTIONS,
    count,
  };
  await load.ask(command);
  return databaseUrl;
}

/** Median time of `work` over the slices of `items`, µs for each item. @throws {Error} when a row was not written */
async function timed<Item, Row>(
  name: string,
  items: readonly Item[],
  size: number,
  work: (slice: readonly Item[]) => Promise<Row[]>,
): Promise<{ figure: Figure; rows: Row[] }> {
  const tookMs: number[] = [];
  const rows: Row[] = [];
  for (let from = 0; from < items.length; from += size) {
    const startMs = performance.now();
    const written = await work(items.slice(from, from + size));
    tookMs.push(performance.now() - startMs);
    if (written.length !== size) throw new Error(`${name} wrote ${written.length} rows of ${size}`);
    rows.push(...written);
  }
  return { figure: { name, microseconds: (median(tookMs) / size) * 1000 }, rows };
}

/** Claims and finishes on a real Postgres with fsync, one statement after the other. */
export async function statementFigures(root: string, lifetime: Lifetime): Promise<Figure[]> {
  const url = await queueRuns(root, ROUNDS * (1 + BATCH), lifetime);
  const sql = openDatabase({ url, timeoutMs: TIMEOUT_MS, max: 1, prepare: true, name: 'bench' });
  lifetime.onClose('connection', () => sql.end({ timeout: 1 }));
  const workerId = randomUUID();
  await beat(
    sql,
    {
      id: workerId,
      hostname: hostname(),
      pid: process.pid,
      concurrency: CONCURRENCY,
      readsFormat: NEWEST_FORMAT,
    },
    { held: [], stopping: false, leaseMs: LEASE_MS },
  );
  const rows = await sql<{ id: string }[]>`SELECT id FROM workflow_runs ORDER BY id DESC`;
  const ids = rows.map(({ id }) => id);
  const figures: Figure[] = [];
  for (const [size, slice] of [
    [1, ids.slice(0, ROUNDS)],
    [BATCH, ids.slice(ROUNDS)],
  ] as const) {
    const label = size === 1 ? 'alone' : `of ${size} in a statement`;
    const holder = { sql, workerId };
    const claimed = await timed(`claim, ${label}`, slice, size, (runIds) => claim(holder, runIds));
    const finished = await timed(`finish, ${label}`, claimed.rows, size, (runs) => finish(holder, runs));
    figures.push(claimed.figure, finished.figure);
  }
  return figures;
}
