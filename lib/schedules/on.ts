/** Schedules with `on`: events that match start runs, with the array of events as input. */
import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { bounded } from '../db/failure.ts';
import { collectEvent, findCollected, findEnvelopes, findListening } from '../db/schedules/collect.ts';
import type { Fire } from '../db/schedules/fire.ts';
import type { ScheduleRow } from '../db/schedules/row.ts';
import { compileExpression, type Scope } from '../engine/expression.ts';
import type { CloudEvent, Json } from '../engine/types.ts';
import { WorkflowError } from '../engine/errors.ts';
import type { CancelDeps } from '../runs/cancel.ts';
import { readEvent } from '../tasks/events/data.ts';
import { createFilterCache } from '../tasks/events/filter-cache.ts';
import { canonicalText, correlationValue } from '../tasks/events/filter.ts';
import { collectAll, collectEvery, collectUntilEvents, type Collection, type Matches } from './collect.ts';
import { enqueueFired, fireOnce } from './fire.ts';
import type { Strategy } from './strategy.ts';

/** Events for one run at most; a collection that has no other end then ends. */
const MAX_COLLECTED = 500;
/** Of one schedule; what comes beyond is not collected. */
const MAX_PENDING = 10_000;
const UNTIL_LIMITS = { maxSteps: 200_000, maxBytes: 16 << 20, maxTimeMs: 20 };
const FILTER_LIMITS = { maxSteps: 50_000, maxBytes: 4 << 20, maxTimeMs: 5 };

const compiled = createFilterCache(FILTER_LIMITS);

/** An event as the dispatcher offers it. */
export interface OfferedEvent {
  id: string;
  envelope: CloudEvent;
}

interface Collected {
  id: string;
  matches: Matches;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Events with one prefix are collected together: those that agree on what the filters correlate. */
function prefixOf(strategy: Strategy, filter: number, envelope: CloudEvent, nowMs: number): string {
  const correlate = strategy.filters[filter]?.correlate ?? {};
  const values = strategy.groupedBy.map((name): Json => {
    const from = correlate[name]?.from;
    return from === undefined ? null : (correlationValue(from, envelope, nowMs) ?? null);
  });
  return values.length === 0 ? 'on::' : `on:${sha256(canonicalText(values))}:`;
}

/** The key tells which filters the event passes, so that nobody has to find out again. */
const keyOf = (prefix: string, matches: Matches): string => `${prefix}${matches.join('.')}`;
const matchesOf = (prefix: string, key: string): Matches => key.slice(prefix.length).split('.').map(Number);

async function inputOf(deps: CancelDeps, row: ScheduleRow, eventIds: readonly string[]): Promise<Json[]> {
  const query = findEnvelopes(deps.sql, row.org_id, eventIds);
  const rows = await bounded(query, deps.config.databaseTimeoutMs);
  const envelopes = new Map(rows.map(({ id, envelope }) => [id, envelope]));
  return eventIds.flatMap((id) => {
    const envelope = envelopes.get(id);
    return envelope === undefined ? [] : [readEvent(envelope, row.spec.read)];
  });
}

/** Whether the expression of `until` says that the events are enough; one that fails does not. */
function isEnough(expression: string, events: Json[], nowMs: number): boolean {
  const scope: Scope = { instance: '', limits: UNTIL_LIMITS, nowMs: () => nowMs, variable: () => null };
  try {
    return compileExpression(expression, []).test(events, scope);
  } catch (error) {
    if (error instanceof WorkflowError) return false;
    throw error;
  }
}

interface Complete {
  collection: Collection;
  input: Json[];
}

/** The collection that is complete now; null when there is none. */
async function completeOf(
  deps: CancelDeps,
  row: ScheduleRow,
  strategy: Strategy,
  events: readonly Collected[],
): Promise<Complete | null> {
  const matches = events.map((event) => event.matches);
  const read = async (collection: Collection): Promise<Complete> => {
    const ids = collection.taken.flatMap((index) => events[index]?.id ?? []);
    return { collection, input: await inputOf(deps, row, ids) };
  };
  if (strategy.mode === 'all') {
    const collection = collectAll(matches, strategy.filters.length);
    return collection === null ? null : read(collection);
  }
  const { until, collecting } = strategy;
  const ended = until?.kind === 'events' ? collectUntilEvents(matches, strategy) : null;
  if (ended !== null) return read(ended);
  const every = await read(collectEvery(matches, collecting));
  const isFull =
    events.length >= MAX_COLLECTED || JSON.stringify(every.input).length > deps.config.maxBodyBytes;
  if (isFull) return every;
  return until?.kind === 'expression' && isEnough(until.expression, every.input, Date.now()) ? every : null;
}

/** @param input the events; null: the fire makes no run */
const eventFire = (
  deps: CancelDeps,
  row: ScheduleRow,
  fireKey: string,
  input: Json[] | null,
  usedEventIds: readonly string[],
): Fire => ({
  row,
  runId: uuidv7(),
  trigger: 'event',
  fireKey: input === null ? null : fireKey,
  inputText: JSON.stringify(input),
  fireAt: null,
  next: null,
  skipped: 0,
  maxAttempts: deps.config.retryAttempts,
  usedEventIds,
});

/** Collects the event, and fires when that makes a collection complete. */
async function collect(
  deps: CancelDeps,
  row: ScheduleRow,
  strategy: Strategy,
  event: OfferedEvent & { matches: Matches },
): Promise<Fire | null> {
  const { sql, config } = deps;
  const prefix = prefixOf(strategy, event.matches[0] ?? 0, event.envelope, Date.now());
  const item = { key: keyOf(prefix, event.matches), eventId: event.id, maxEvents: MAX_PENDING };
  await bounded(collectEvent(sql, row, item), config.databaseTimeoutMs);
  // With `all`, of events that pass the same filters no more than there are filters can be taken.
  const query =
    strategy.mode === 'all'
      ? { prefix, limit: MAX_PENDING, limitPerKey: strategy.filters.length }
      : { prefix, limit: MAX_COLLECTED, limitPerKey: null };
  const rows = await bounded(findCollected(sql, row, query), config.databaseTimeoutMs);
  const events = rows.map(({ key, event_id: id }) => ({ id, matches: matchesOf(prefix, key) }));
  const complete = await completeOf(deps, row, strategy, events);
  if (complete === null) return null;
  const used = complete.collection.used.flatMap((index) => events[index]?.id ?? []);
  // An `until` that ends before anything was collected starts nothing.
  const input = complete.input.length === 0 ? null : complete.input;
  return eventFire(deps, row, `events:${sha256(used.join())}`, input, used);
}

/**
 * Offers an event that passes a filter of a schedule; once for a schedule and an event it has an effect, however often it
 * is offered.
 * @param filter the number of the filter
 * @throws what the database throws; then the event is to be offered again
 */
export async function offerToSchedule(
  deps: CancelDeps,
  scheduleId: string,
  filter: number,
  event: OfferedEvent,
): Promise<void> {
  const [row] = await bounded(findListening(deps.sql, scheduleId), deps.config.databaseTimeoutMs);
  const trigger = row?.spec.trigger;
  if (row === undefined || trigger?.kind !== 'on') return;
  const { strategy } = trigger;
  let fire: Fire | null;
  if (strategy.mode === 'each') {
    const input = [readEvent(event.envelope, row.spec.read)];
    fire = eventFire(deps, row, `event:${event.id}`, input, []);
  } else {
    const nowMs = Date.now();
    const passed = strategy.filters.flatMap((candidate, index) =>
      index === filter || compiled.get(JSON.stringify(candidate)).matches(event.envelope, nowMs)
        ? [index]
        : [],
    );
    fire = await collect(deps, row, strategy, { ...event, matches: passed });
  }
  if (fire === null) return;
  const run = await fireOnce(deps, fire);
  if (run !== null) await enqueueFired(deps, [run]);
}
