/** How many more runs an org may queue: a count that is a moment old, and what this process has let in since. */
import type { Sql } from '../db/client.ts';
import { bounded, type Database } from '../db/failure.ts';
import { countQueued } from '../db/limits.ts';

/** A count is believed for so long, ms, or for so many times as long as it took: a large one costs the database time. */
const COUNT_MS = 250;
const COUNT_TIMES = 20;

interface Counted {
  count: Promise<number>;
  /** So long it is believed; while it is under way nobody counts again. */
  untilMs: number;
  /** Let in since. */
  taken: number;
}

export interface QueuedRuns {
  /**
   * Lets in as many of `wanted` runs as the limit has room for.
   * @throws what a database throws that is not available
   */
  take(orgId: string, max: number, wanted: number): Promise<number>;
}

async function countNow(sql: Sql, orgId: string, max: number, timeoutMs: number): Promise<number> {
  const [row] = await bounded(countQueued(sql, orgId, max + 1), timeoutMs);
  return row?.count ?? 0;
}

/** @param now milliseconds; only tests give their own */
export function openQueuedRuns({ sql, config }: Database, now = () => performance.now()): QueuedRuns {
  const known = new Map<string, Counted>();

  function current(orgId: string, max: number): Counted {
    const counted = known.get(orgId);
    if (counted !== undefined && now() < counted.untilMs) return counted;
    // Only what is a moment old is worth keeping.
    for (const [id, { untilMs }] of known) if (now() >= untilMs) known.delete(id);
    const startedAtMs = now();
    const count = countNow(sql, orgId, max, config.databaseTimeoutMs);
    const next: Counted = { count, untilMs: Infinity, taken: 0 };
    count.then(
      () => (next.untilMs = startedAtMs + Math.max(COUNT_MS, (now() - startedAtMs) * COUNT_TIMES)),
      () => known.delete(orgId),
    );
    known.set(orgId, next);
    return next;
  }

  return {
    async take(orgId, max, wanted) {
      const counted = current(orgId, max);
      const count = await counted.count;
      const granted = Math.min(wanted, Math.max(0, max - count - counted.taken));
      counted.taken += granted;
      return granted;
    },
  };
}
