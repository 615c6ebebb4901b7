/**
 * Makes the queue disposable: runs without a job get one, runs of dead workers go back to the queue. In every
 * worker, one leader at a time.
 */
import { bounded } from '../lib/db/failure.ts';
import { lookForDeadWorkers, requeueRunsOfDeadWorkers, type DuePlace } from '../lib/db/runs/reconcile.ts';
import { lead, removeDeadWorkers } from '../lib/db/workers.ts';
import type { WorkerDeps } from './deps.ts';
import type { Heartbeat } from './heartbeat.ts';
import { createMissingJobsPass } from './missing-jobs.ts';
import { requeue } from './requeue.ts';

const MAX_TICK_MS = 1000;
/** The lead outlives so many ticks. */
const LEAD_TICKS = 5;
/** By then every worker that lives has said so, after an outage of Postgres. */
const MAX_STEADY_MS = 5000;
const PAGE_ROWS = 500;
/** Looks of a tick after the death of a worker, LOOKED_ROWS each. */
const MAX_LOOKS = 20;

export interface Reconciler {
  /** One bounded piece of work, if this worker leads. */
  tick(): Promise<void>;
  /** Whether this worker leads, as far as it knows: its lead has not run out. */
  leads(): boolean;
  start(): void;
  stop(): Promise<void>;
}

/**
 * Runs whose worker has not answered for a lease: the try is spent, the run goes on elsewhere. Looks at the next of those that
 * are queued and running, and at many more of them when a worker has just died.
 * @returns where the next look begins
 */
async function takeFromDeadWorkers(deps: WorkerDeps, from: DuePlace | null): Promise<DuePlace | null> {
  const { config, pulse: sql } = deps;
  let place = from;
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const [look] = await bounded(lookForDeadWorkers(sql, place, config.leaseMs), config.databaseTimeoutMs);
    if (look === undefined) return place;
    for (const runIds of slices(look.run_ids, PAGE_ROWS)) await takeRuns(deps, runIds);
    place = look.place;
    if (place === null || !look.hurry) break;
  }
  return place;
}

async function takeRuns(deps: WorkerDeps, runIds: readonly string[]): Promise<void> {
  const { config, pulse: sql } = deps;
  const entry = {
    type: 'run_requeued',
    at: new Date().toISOString(),
    reason: 'the worker stopped answering',
  };
  const rows = await bounded(
    requeueRunsOfDeadWorkers(sql, {
      leaseMs: config.leaseMs,
      limit: PAGE_ROWS,
      entryText: JSON.stringify([entry]),
      runIds,
    }),
    config.databaseTimeoutMs,
  );
  await requeue(deps, rows, 'worker_lost');
}

function* slices<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let begin = 0; begin < items.length; begin += size) yield items.slice(begin, begin + size);
}

/** @param heartbeat this worker's own: it judges others only while it has reached Postgres for a while itself */
export function createReconciler(deps: WorkerDeps, heartbeat: Pick<Heartbeat, 'steadyMs'>): Reconciler {
  const { config, pulse: sql, identity, log } = deps;
  const missingJobs = createMissingJobsPass(deps);
  const tickMs = Math.min(MAX_TICK_MS, config.leaseMs / 4);
  const leadMs = tickMs * LEAD_TICKS;
  let timer: NodeJS.Timeout | undefined;
  let ticking: Promise<void> = Promise.resolve();
  let leadsUntil = 0;
  /** Where the search for runs of dead workers goes on. */
  let place: DuePlace | null = null;

  async function once(): Promise<void> {
    try {
      const askedAt = performance.now();
      const [leader] = await bounded(lead(sql, 'reconciler', identity.id, leadMs), config.databaseTimeoutMs);
      leadsUntil = leader === undefined ? 0 : askedAt + leadMs;
      if (leader === undefined) return;
      if (heartbeat.steadyMs() >= Math.min(MAX_STEADY_MS, config.leaseMs))
        place = await takeFromDeadWorkers(deps, place);
      await bounded(removeDeadWorkers(sql), config.databaseTimeoutMs);
      await missingJobs.advance();
    } catch (error) {
      log.debug({ err: error }, 'reconciling: tried again at the next tick');
    }
  }

  const tick = (): Promise<void> => {
    ticking = ticking.then(once);
    return ticking;
  };

  function start(): void {
    timer = setTimeout(() => {
      void tick().finally(() => {
        if (timer !== undefined) start();
      });
    }, tickMs);
  }

  return {
    tick,
    leads: () => performance.now() < leadsUntil,
    start,
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await ticking;
      leadsUntil = 0;
    },
  };
}
