/** When a delivery that failed is tried again, and when it is given up. */

/** The delays in multiples of the first: with 5 s they are 5 s, 30 s, 2, 10 and 30 min, 1, 2, 5, 10 and 14 h. */
const MULTIPLES = [1, 6, 24, 120, 360, 720, 1440, 3600, 7200, 10_080];
/** Added to a delay at most, as a share of it: what failed together does not come back together. */
const JITTER = 0.25;
/** An endpoint is not left alone for longer than that, whatever it asks for. */
const MAX_RETRY_AFTER_MS = 6 * 3_600_000;

/**
 * The delay before the next attempt, ms; null: there is none, the delivery is given up.
 * @param firstMs EVENT_RETRY_BACKOFF_MS
 * @param attemptCount attempts made, 1 or more
 * @param retryAfterMs what the endpoint asked for; at least that, up to 6 h
 * @param random uniform in [0, 1)
 */
export function retryDelayMs(
  firstMs: number,
  attemptCount: number,
  retryAfterMs: number | null,
  random: number,
): number | null {
  const multiple = MULTIPLES[attemptCount - 1];
  if (multiple === undefined) return null;
  const delayMs = firstMs * multiple * (1 + JITTER * random);
  return Math.round(Math.max(delayMs, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS)));
}

/**
 * Reads `Retry-After`: seconds or a date (RFC 9110, section 10.2.3).
 * @param nowMs epoch milliseconds
 * @returns ms from now, 0 or more; null for none and for what is neither
 */
export function retryAfterMs(field: string | undefined, nowMs: number): number | null {
  const text = field?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  // Only the fixed form of a date: Date.parse reads much else.
  const atMs = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
