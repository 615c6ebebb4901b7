/** One event on its way to those who listen for it: in small steps, so that many orgs can share the dispatcher. */
import { insertInbox } from '../lib/db/events/inbox.ts';
import { findEnvelope, type OpenEvent } from '../lib/db/events/events.ts';
import { findCandidates, type CandidateKey, type CandidateRow } from '../lib/db/events/matching.ts';
import { bounded } from '../lib/db/failure.ts';
import { correlationHash } from '../lib/events/listener.ts';
import { offerToSchedule } from '../lib/schedules/on.ts';
import type { FilterCache } from '../lib/tasks/events/filter-cache.ts';
import { correlationValue } from '../lib/tasks/events/filter.ts';
import type { WorkerDeps } from './deps.ts';

/** Listeners that are read, and told, at a time. */
const PAGE_ROWS = 500;

/** What an offer works with. */
export interface OfferContext {
  deps: WorkerDeps;
  filters: FilterCache;
  /** Resolves when the org may compute. */
  turn(orgId: string): Promise<void>;
  /** Signals runs that have something in their inbox, before any event counts as dispatched. */
  signal(runIds: readonly string[]): Promise<void>;
}

type Correlations = { from: string; value: string }[];

/**
 * Offers an event to its listeners; ends when all have been looked at. Broken off and begun again, it does no harm.
 * @param froms the expressions by which listeners for such events correlate (lib/db/events/matching.ts)
 * @throws what the database throws; then the event is to be offered again from the start
 */
export async function* offerEvent(
  context: OfferContext,
  event: OpenEvent,
  froms: readonly string[],
): AsyncGenerator<undefined, void> {
  const { sql, config } = context.deps;
  const [row] = await bounded(findEnvelope(sql, event.id), config.databaseTimeoutMs);
  if (row === undefined) return;
  const { envelope } = row;
  const nowMs = Date.now();
  const correlations: Correlations = [];
  for (const from of froms) {
    await context.turn(event.org_id);
    const value = correlationValue(from, envelope, nowMs);
    if (value !== undefined) correlations.push({ from, value: correlationHash(value) });
    yield;
  }
  let after: CandidateKey | null = null;
  for (;;) {
    const query = { orgId: event.org_id, type: event.type, correlations, after, limit: PAGE_ROWS };
    const rows: CandidateRow[] = await bounded(findCandidates(sql, query), config.databaseTimeoutMs);
    const verdicts = new Map<string, boolean>();
    for (const { condition } of rows) {
      if (verdicts.has(condition)) continue;
      await context.turn(event.org_id);
      verdicts.set(condition, context.filters.get(condition).matches(envelope, nowMs));
      yield;
    }
    const matching = rows.filter(({ condition }) => verdicts.get(condition) === true);
    await tellRuns(context, event.id, matching);
    for (const { owner, owner_id: ownerId, filter } of matching) {
      if (owner !== 'schedule') continue;
      await offerToSchedule(context.deps, ownerId, filter, { id: event.id, envelope });
      yield;
    }
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1) ?? null;
    yield;
  }
}

/** First into the inbox, then the signal: a run that is woken finds the event. */
async function tellRuns(
  { deps, signal }: OfferContext,
  eventId: string,
  rows: readonly CandidateRow[],
): Promise<void> {
  const { sql, config } = deps;
  const ofRuns = rows.filter(({ owner }) => owner === 'run');
  if (ofRuns.length === 0) return;
  const listeners = ofRuns.map(({ owner_id: ownerId, key }) => ({ ownerId, key }));
  await bounded(insertInbox(sql, eventId, listeners), config.databaseTimeoutMs);
  // Also runs whose inbox has the event already: who put it there may have died before the signal.
  await signal(listeners.map(({ ownerId }) => ownerId));
}
