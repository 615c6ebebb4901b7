/**
 * Gives events to those who want them: listeners of runs, schedules with `on`, subscribers.
 *
 * 1. Events are taken in the order of their ids, and marked when everybody was told. A crash before the mark has them
 *    told again, which changes nothing: inbox, schedules and deliveries know each event once.
 * 2. The orgs take turns: one whose events cost more than its slice goes on in the next round.
 * 3. One whose events cannot be dispatched rests for a while, and holds nobody up.
 */
import { insertDeliveries } from '../../lib/db/events/deliveries.ts';
import { findOpenEvents, markDispatched, type OpenEvent } from '../../lib/db/events/events.ts';
import { findCorrelations, type CorrelationRow, type EventClass } from '../../lib/db/events/matching.ts';
import { bounded, isDatabaseUnavailable } from '../../lib/db/failure.ts';
import { signalRuns } from '../../lib/db/runs/signal.ts';
import { createFilterCache } from '../../lib/tasks/events/filter-cache.ts';
import type { WorkerDeps } from '../deps.ts';
import { offerEvent, type OfferContext } from '../event-offer.ts';
import { requeue } from '../requeue.ts';
import { createRests, type Rests } from '../rests.ts';
import type { Duty } from './duty.ts';

export const DISPATCH_EVENTS = 'dispatch-events';
/** Hints make it quick (worker/event-hints.ts); without Redis this is the delay. */
const EVERY_MS = 1000;
const PAGE_ROWS = 200;
/** Events whose deliveries are made by one statement: each may have a hundred. */
const DELIVERED_ROWS = 50;
/** Of one org in one round, of one piece of work, and at most of a round while events keep coming. */
const SLICE_MS = 150;
const PIECE_MS = 200;
const ROUND_MS = 2000;
/** Runs that are signalled by one statement, about. */
const SIGNAL_ROWS = 500;

class Dispatcher implements Duty {
  readonly name = DISPATCH_EVENTS;
  readonly everyMs = EVERY_MS;
  readonly who = 'leader';
  readonly #deps: WorkerDeps;
  readonly #context: OfferContext;
  /** Offers that were broken off at the end of a slice, by event. */
  readonly #offers = new Map<string, AsyncGenerator<undefined, void>>();
  /** What each org has used in this round. */
  readonly #usedMs = new Map<string, number>();
  /** Runs that are still to be signalled. */
  readonly #toSignal = new Set<string>();
  readonly #rests: Rests = createRests();
  /** One alone after a page that failed, to find out whose fault it is. */
  #pageRows = PAGE_ROWS;
  #roundSince = performance.now();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    const { signal } = new AbortController();
    this.#context = {
      deps,
      filters: createFilterCache(),
      turn: async (orgId) => deps.turn({ workflowId: orgId, usedMs: this.#usedMs.get(orgId) ?? 0, signal }),
      signal: async (runIds) => {
        for (const id of runIds) this.#toSignal.add(id);
        if (this.#toSignal.size >= SIGNAL_ROWS) await this.#signal();
      },
    };
  }

  async tick(): Promise<boolean> {
    const { sql, config } = this.#deps;
    if (performance.now() - this.#roundSince >= ROUND_MS) this.#beginRound();
    const over = [...this.#usedMs].filter(([, usedMs]) => usedMs >= SLICE_MS).map(([orgId]) => orgId);
    const except = [...over, ...this.#rests.ids(performance.now())];
    const events = await bounded(findOpenEvents(sql, except, this.#pageRows), config.databaseTimeoutMs);
    const [first] = events;
    if (first === undefined) {
      if (over.length === 0) this.#offers.clear();
      this.#beginRound();
      return over.length > 0;
    }
    try {
      await this.#dispatch(events);
    } catch (error) {
      if (events.length === 1) this.#rests.rest(first.org_id, performance.now());
      this.#pageRows = 1;
      throw error;
    }
    this.#pageRows = Math.min(PAGE_ROWS, this.#pageRows * 2);
    return true;
  }

  async #dispatch(events: readonly OpenEvent[]): Promise<void> {
    const { sql, config } = this.#deps;
    const done = await this.#offerPage(events);
    await this.#signal();
    for (let at = 0; at < done.length; at += DELIVERED_ROWS) {
      const told = done.slice(at, at + DELIVERED_ROWS);
      const ids = told.map(({ id }) => id);
      await bounded(insertDeliveries(sql, ids), config.databaseTimeoutMs);
      await bounded(markDispatched(sql, ids), config.databaseTimeoutMs);
      for (const { org_id: orgId } of told) this.#rests.end(orgId);
    }
  }

  /** Wakes the runs that are to be signalled; should it fail, they are signalled with the next ones. */
  async #signal(): Promise<void> {
    if (this.#toSignal.size === 0) return;
    const { sql, config } = this.#deps;
    const runIds = [...this.#toSignal];
    const woken = await bounded(signalRuns(sql, runIds), config.databaseTimeoutMs);
    for (const id of runIds) this.#toSignal.delete(id);
    await requeue(this.#deps, woken, 'signalled');
  }

  #beginRound(): void {
    this.#usedMs.clear();
    this.#roundSince = performance.now();
  }

  /** @returns the events that all listeners were told of */
  async #offerPage(events: readonly OpenEvent[]): Promise<OpenEvent[]> {
    const listened = await this.#findListened(events);
    const startedAt = performance.now();
    const done: OpenEvent[] = [];
    // An org's events go in order: after one that is not done, none of it.
    const behind = new Set<string>();
    for (const event of events) {
      if (behind.has(event.org_id)) continue;
      const isOver = performance.now() - startedAt >= PIECE_MS;
      if (!isOver && (await this.#offerSafely(event, listened(event)))) done.push(event);
      else behind.add(event.org_id);
    }
    return done;
  }

  /** For each event: the expressions by which listeners for it correlate; null when nobody listens. */
  async #findListened(events: readonly OpenEvent[]): Promise<(event: OpenEvent) => string[] | null> {
    const { sql, config } = this.#deps;
    const classes = new Map<string, EventClass>();
    for (const { org_id: orgId, type, kind } of events) {
      if (kind !== 'lifecycle') classes.set(`${orgId} ${type}`, { orgId, type });
    }
    const rows =
      classes.size === 0
        ? []
        : await bounded(findCorrelations(sql, [...classes.values()]), config.databaseTimeoutMs);
    return (event) => {
      if (event.kind === 'lifecycle') return null;
      const isFor = (row: CorrelationRow): boolean =>
        row.org_id === event.org_id && (row.type === null || row.type === event.type);
      const found = rows.filter(isFor).map(({ correlate_from: from }) => from);
      return found.length === 0 ? null : [...new Set(found)].filter((from) => from !== null);
    };
  }

  /** An event that cannot be offered is no reason to hold up those of others. */
  async #offerSafely(event: OpenEvent, froms: string[] | null): Promise<boolean> {
    const { id: eventId, org_id: orgId } = event;
    try {
      return await this.#offer(event, froms);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) {
        this.#deps.log.error(
          { err: error, orgId, eventId },
          'an event could not be offered to its listeners',
        );
      }
      this.#rests.rest(orgId, performance.now());
      return false;
    }
  }

  /** @returns false when the org's slice is over before the event is done */
  async #offer(event: OpenEvent, froms: string[] | null): Promise<boolean> {
    if (froms === null) return true;
    const { id, org_id: orgId } = event;
    const offer = this.#offers.get(id) ?? offerEvent(this.#context, event, froms);
    this.#offers.delete(id);
    for (;;) {
      const startedAt = performance.now();
      const { done } = await offer.next();
      const usedMs = (this.#usedMs.get(orgId) ?? 0) + (performance.now() - startedAt);
      this.#usedMs.set(orgId, usedMs);
      if (done === true) return true;
      if (usedMs >= SLICE_MS) break;
    }
    this.#offers.set(id, offer);
    return false;
  }
}

export const createEventDispatch = (deps: WorkerDeps): Duty => new Dispatcher(deps);
