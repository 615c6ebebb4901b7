/** Exponential backoff with jitter of run-level retries (contract, section 4). */

/** No run waits longer than an hour for its next try. */
const MAX_BACKOFF_MS = 3_600_000;

/**
 * The delay before the try after `attemptCount` tries: at least `firstMs` · 2^(attemptCount - 1) and up to half
 * as much again (`random` is uniform in [0, 1)), so that runs that failed together do not come back together.
 */
export const backoffMs = (firstMs: number, attemptCount: number, random: number): number =>
  Math.min(
    firstMs * 2 ** Math.max(0, attemptCount - 1) * (1 + random / 2),
    Math.max(MAX_BACKOFF_MS, firstMs),
  );
