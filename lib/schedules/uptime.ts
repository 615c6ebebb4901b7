/** Since when a worker has been up. */

/** A worker's life so far, epoch milliseconds of the database's clock. */
export interface WorkerLife {
  startedAtMs: number;
  heartbeatAtMs: number;
}

/** A worker that ends and one that starts within it leave no gap: heartbeats come every second. */
const SLACK_MS = 2000;

/**
 * Follows the lives of the workers, also of dead ones whose rows still stand, back to the last moment at which none
 * was up.
 * @returns `nowMs` when none is
 */
export function upSinceMs(workers: readonly WorkerLife[], nowMs: number): number {
  let sinceMs = nowMs;
  for (const { startedAtMs, heartbeatAtMs } of workers.toSorted(
    (a, b) => b.heartbeatAtMs - a.heartbeatAtMs,
  )) {
    if (heartbeatAtMs < sinceMs - SLACK_MS) break;
    sinceMs = Math.min(sinceMs, startedAtMs);
  }
  return sinceMs;
}
