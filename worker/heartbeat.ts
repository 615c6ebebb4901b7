/** Says every second that this worker lives, and learns which of its leases are lost. */
import { bounded } from '../lib/db/failure.ts';
import { requeueStrays } from '../lib/db/runs/reconcile.ts';
import { beat, removeWorker, yieldLead } from '../lib/db/workers.ts';
import type { WorkerDeps } from './deps.ts';
import { requeue } from './requeue.ts';

/** A cancel must reach a running call well within 2 s (design, invariant 10). */
const MAX_INTERVAL_MS = 1000;
const STRAYS_EVERY_BEATS = 5;

export interface Heartbeat {
  /** One beat now. Answers whether Postgres took it. */
  tick(): Promise<boolean>;
  start(): void;
  /** From now on beats say that this worker takes no more jobs. */
  markStopping(): void;
  /** Ends the beats and removes the worker's row. */
  stop(): Promise<void>;
}

export function createHeartbeat(deps: WorkerDeps): Heartbeat {
  const { config, sql, identity, attempts, log } = deps;
  let stopping = false;
  let beats = 0;
  let lastBeatAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let ticking: Promise<boolean> = Promise.resolve(true);

  /** Without a beat for a whole lease others may have taken the runs: nothing may be started on them. */
  function dropExpired(): void {
    if (performance.now() - lastBeatAt < config.leaseMs) return;
    for (const attempt of attempts.all()) attempt.interrupt('lost');
  }

  async function once(): Promise<boolean> {
    const sentAt = performance.now();
    try {
      const lost = await bounded(beat(sql, identity, attempts.leases(), stopping), config.databaseTimeoutMs);
      lastBeatAt = sentAt;
      for (const { run_id: runId } of lost) attempts.get(runId)?.interrupt('lost');
      beats += 1;
      if (beats % STRAYS_EVERY_BEATS === 0) {
        const held = attempts.all().map(({ runId }) => runId);
        await requeue(
          deps,
          await bounded(requeueStrays(sql, identity.id, held), config.databaseTimeoutMs),
          'stray',
        );
      }
      return true;
    } catch (error) {
      log.warn({ err: error }, 'the heartbeat failed');
      dropExpired();
      return false;
    }
  }

  const tick = (): Promise<boolean> => {
    ticking = ticking.then(once, once);
    return ticking;
  };

  function schedule(): void {
    timer = setTimeout(
      () => {
        void tick().finally(() => {
          if (timer !== undefined) schedule();
        });
      },
      Math.min(MAX_INTERVAL_MS, config.leaseMs / 5),
    );
  }

  return {
    tick,
    start: schedule,
    markStopping() {
      stopping = true;
    },
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await ticking.catch(() => {});
      await bounded(yieldLead(sql, identity.id), config.databaseTimeoutMs).catch(() => {});
      await bounded(removeWorker(sql, identity.id), config.databaseTimeoutMs).catch(() => {});
    },
  };
}
