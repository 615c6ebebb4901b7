/** Which of the events that were collected for a schedule start a run. Pure. */
import type { Strategy } from './strategy.ts';

/** What is known of a collected event: the indices of the filters that it passes, ascending. */
export type Matches = readonly number[];

export interface Collection {
  /** Indices of the events that the run gets, in the order in which they came. */
  taken: number[];
  /** Indices of those that are collected no longer. */
  used: number[];
}

/**
 * One event for each filter; an event goes to the first filter it passes that has none yet. What comes too early waits
 * for the run after.
 * @returns null while a filter has none
 */
export function collectAll(events: readonly Matches[], filterCount: number): Collection | null {
  const filled = new Set<number>();
  const taken: number[] = [];
  for (const [index, matches] of events.entries()) {
    const filter = matches.find((candidate) => !filled.has(candidate));
    if (filter === undefined) continue;
    filled.add(filter);
    taken.push(index);
    if (filled.size === filterCount) return { taken, used: taken };
  }
  return null;
}

/**
 * The events before those that end the collection, which are no part of it.
 * @returns null while it has not ended
 */
export function collectUntilEvents(events: readonly Matches[], strategy: Strategy): Collection | null {
  const { collecting, filters, until } = strategy;
  const isLast = until?.kind === 'events' && until.all ? filters.length - collecting : 1;
  const ending = new Set<number>();
  const taken: number[] = [];
  for (const [index, matches] of events.entries()) {
    const ends = matches.find((filter) => filter >= collecting && !ending.has(filter));
    if (ends !== undefined) ending.add(ends);
    if (ending.size >= isLast) return { taken, used: upTo(index) };
    if (ends === undefined && matches.some((filter) => filter < collecting)) taken.push(index);
  }
  return null;
}

/** Every event so far. */
export const collectEvery = (events: readonly Matches[], collecting: number): Collection => ({
  taken: events.flatMap((matches, index) => (matches.some((filter) => filter < collecting) ? [index] : [])),
  used: upTo(events.length - 1),
});

const upTo = (last: number): number[] => Array.from({ length: last + 1 }, (_, index) => index);
