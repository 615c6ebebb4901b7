/**
 * Makes the queue disposable: runs without a job get one, runs of dead workers go back to the queue. In every
 * worker, one leader at a time.
 */
import { bounded } from '../lib/db/failure.ts';
import { requeueRunsOfDeadWorkers } from '../lib/db/runs/reconcile.ts';
import { lead, removeDeadWorkers } from '../lib/db/workers.ts';
import type { WorkerDeps } from './deps.ts';
import { createMissingJobsPass } from './missing-jobs.ts';
import { requeue } from './requeue.ts';

const TICK_EVERY_MS = 1000;
const LEAD_MS = 5000;
const PAGE_ROWS = 500;

export interface Reconciler {
  /** One bounded piece of work, if this worker leads. */
  tick(): Promise<void>;
  start(): void;
  stop(): Promise<void>;
}

/** Runs whose worker has not answered for a lease: the try is spent, the run goes on elsewhere. */
async function takeFromDeadWorkers(deps: WorkerDeps): Promise<void> {
  const { config, sql } = deps;
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
    }),
    config.databaseTimeoutMs,
  );
  await requeue(deps, rows, 'worker_lost');
}

export function createReconciler(deps: WorkerDeps): Reconciler {
  const { config, sql, identity, log } = deps;
  const missingJobs = createMissingJobsPass(deps);
  let timer: NodeJS.Timeout | undefined;
  let ticking: Promise<void> = Promise.resolve();

  async function once(): Promise<void> {
    try {
      const [leader] = await bounded(lead(sql, 'reconciler', identity.id, LEAD_MS), config.databaseTimeoutMs);
      if (leader === undefined) return;
      await takeFromDeadWorkers(deps);
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

  return {
    tick,
    start() {
      timer = setInterval(() => void tick(), TICK_EVERY_MS);
    },
    async stop() {
      clearInterval(timer);
      await ticking;
    },
  };
}
