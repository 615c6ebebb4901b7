/** Why a run is not running (contract, section 3, `waitingFor`; docs/limits.md). */
import type { Deps } from '../deps.ts';
import { bounded } from '../db/failure.ts';
import { queueFacts, type QueueFacts } from '../db/runs/read.ts';
import { waitsForSignal, type RunRow } from '../db/runs/row.ts';
import { toRfc3339 } from '../db/time.ts';
import { isJsonObject, member } from '../engine/json.ts';
import type { Json } from '../engine/types.ts';

/** What a `listen` waits for: attributes that the event must have, and by name what correlates it. */
interface AwaitedEvent {
  with: Json;
  correlate?: { [name: string]: { from: Json } };
}

/** `since`: when the wait began. `position`: 1 = next of its org. */
export type WaitingFor =
  | { reason: 'no_worker'; since: string }
  | { reason: 'backlog'; since: string; position: number; oldestAgeMs: number }
  /** So many runs of the org are being executed, as many as may be. */
  | { reason: 'org_limit'; since: string; maxRunsInFlight: number; position: number; oldestAgeMs: number }
  | { reason: 'retry_backoff'; since: string; nextAttemptAt: string }
  | { reason: 'timer'; since: string; until: string }
  /** One of these; `until` when the run goes on without one by then. */
  | { reason: 'event'; since: string; filter: AwaitedEvent[]; until?: string }
  /** The end of a run that a `run: workflow` task started. */
  | { reason: 'child'; since: string }
  | { reason: 'suspended'; since: string };

/** Values that events must correlate with are of the run's data, and are not answered. */
function toAwaitedEvent(condition: Json): AwaitedEvent {
  const filter: AwaitedEvent = { with: member(condition, 'with') ?? {} };
  const correlate = member(condition, 'correlate') ?? null;
  if (!isJsonObject(correlate) || Object.keys(correlate).length === 0) return filter;
  const from = Object.entries(correlate).map(([name, value]) => [
    name,
    { from: member(value, 'from') ?? null },
  ]);
  return { ...filter, correlate: Object.fromEntries(from) as AwaitedEvent['correlate'] & object };
}

/** A run in status `waiting` that is not due. */
function waitsFor(row: RunRow, since: string, { conditions }: QueueFacts): WaitingFor {
  const untilAt = row.next_attempt_at === null || waitsForSignal(row) ? null : toRfc3339(row.next_attempt_at);
  if (conditions.length > 0) {
    const filter = conditions.map(toAwaitedEvent);
    return { reason: 'event', since, filter, ...(untilAt === null ? {} : { until: untilAt }) };
  }
  return untilAt === null ? { reason: 'child', since } : { reason: 'timer', since, until: untilAt };
}

/** The org's runs in flight. Beside a long backlog the database does not see them all, but every one has its slot in the queue. */
async function inFlight(
  { queue }: Pick<Deps, 'queue'>,
  orgId: string,
  { in_flight: seen, is_cut: isCut, max_in_flight: max }: QueueFacts,
): Promise<number> {
  if (!isCut || max === null || seen >= max || queue.state().kind !== 'up') return seen;
  return queue.order.taken(orgId).catch(() => seen);
}

/** null for a run that is running or has ended. */
export async function waitingFor(
  deps: Pick<Deps, 'sql' | 'config' | 'queue'>,
  row: RunRow,
): Promise<WaitingFor | null> {
  const { sql, config } = deps;
  const since = toRfc3339(row.status_since);
  if (row.status === 'suspended') return { reason: 'suspended', since };
  if (row.status !== 'queued' && row.status !== 'waiting') return null;
  const [facts] = await bounded(queueFacts(sql, row, config.leaseMs), config.databaseTimeoutMs);
  if (facts === undefined) return null;
  const dueAt = row.next_attempt_at;
  if (dueAt !== null && facts.due_in_ms > 0) {
    if (row.status === 'waiting') return waitsFor(row, since, facts);
    if (row.attempt_count === 0) return { reason: 'timer', since, until: toRfc3339(dueAt) };
    return { reason: 'retry_backoff', since, nextAttemptAt: toRfc3339(dueAt) };
  }
  const dueSince = dueAt === null ? since : toRfc3339(dueAt);
  if (facts.alive_workers === 0) return { reason: 'no_worker', since: dueSince };
  const backlog = {
    since: dueSince,
    position: facts.ahead + 1,
    oldestAgeMs: Math.round(facts.oldest_age_ms),
  };
  const { max_in_flight: maxRunsInFlight } = facts;
  if (maxRunsInFlight !== null && (await inFlight(deps, row.org_id, facts)) >= maxRunsInFlight) {
    return { reason: 'org_limit', maxRunsInFlight, ...backlog };
  }
  return { reason: 'backlog', ...backlog };
}
