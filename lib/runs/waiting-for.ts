/** Why a run is not running (contract, section 3, `waitingFor`). */
import type { Deps } from '../deps.ts';
import { bounded } from '../db/failure.ts';
import { queueFacts } from '../db/runs/read.ts';
import { waitsForSignal, type RunRow } from '../db/runs/row.ts';
import { toRfc3339 } from '../db/time.ts';

/** `since`: when the wait began. `position`: 1 = next. */
export type WaitingFor =
  | { reason: 'no_worker'; since: string }
  | { reason: 'backlog'; since: string; position: number; oldestAgeMs: number }
  | { reason: 'retry_backoff'; since: string; nextAttemptAt: string }
  | { reason: 'timer'; since: string; until: string }
  /** The end of a run that a `run: workflow` task started. */
  | { reason: 'child'; since: string }
  | { reason: 'suspended'; since: string };

/** null for a run that is running or has ended. */
export async function waitingFor(
  { sql, config }: Pick<Deps, 'sql' | 'config'>,
  row: RunRow,
): Promise<WaitingFor | null> {
  const since = toRfc3339(row.status_since);
  if (row.status === 'suspended') return { reason: 'suspended', since };
  if (row.status !== 'queued' && row.status !== 'waiting') return null;
  if (waitsForSignal(row)) return { reason: 'child', since };
  const [facts] = await bounded(queueFacts(sql, row, config.leaseMs), config.databaseTimeoutMs);
  if (facts === undefined) return null;
  const dueAt = row.next_attempt_at;
  if (dueAt !== null && facts.due_in_ms > 0) {
    if (row.status === 'waiting' || row.attempt_count === 0)
      return { reason: 'timer', since, until: toRfc3339(dueAt) };
    return { reason: 'retry_backoff', since, nextAttemptAt: toRfc3339(dueAt) };
  }
  const dueSince = dueAt === null ? since : toRfc3339(dueAt);
  if (facts.alive_workers === 0) return { reason: 'no_worker', since: dueSince };
  return {
    reason: 'backlog',
    since: dueSince,
    position: facts.ahead + 1,
    oldestAgeMs: Math.round(facts.oldest_age_ms),
  };
}
