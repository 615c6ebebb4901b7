/** How a `listen` consumes events: `one`, `any` or `all` of its filters (dsl-reference, Event Consumption Strategy). */
import type { Frame } from '../../engine/frame.ts';
import { member, type JsonObject } from '../../engine/json.ts';
import type { CloudEvent, Json } from '../../engine/types.ts';
import type { CompileContext } from '../types.ts';
import { compileRunFilter, match, type RunFilter } from './run-filter.ts';

export interface Strategy {
  /** One event for each filter, in any order; else one event for any of them. */
  all: boolean;
  filters: readonly RunFilter[];
}

export function compileStrategy(definition: Json, context: CompileContext): Strategy {
  const one = member(definition, 'one');
  if (one !== undefined) return { all: false, filters: [compileRunFilter(one, context)] };
  const list = member(definition, 'all') ?? member(definition, 'any');
  const filters = (Array.isArray(list) ? list : []).map((filter) => compileRunFilter(filter, context));
  const all = member(definition, 'all') !== undefined;
  // `any: []` means every event.
  return { all, filters: all || filters.length > 0 ? filters : [compileRunFilter({ with: {} }, context)] };
}

/** An event that a filter takes. */
export interface Taken {
  filter: number;
  /** What correlations have found in it for the first time. */
  found: JsonObject;
}

/**
 * The first filter that takes an event; with `all`, of those that have none yet.
 * @param met indices of the filters that have one
 * @param expected by filter, what its correlations expect
 */
export async function take(
  { all, filters }: Strategy,
  event: CloudEvent,
  met: readonly number[],
  expected: readonly Json[],
  frame: Frame,
): Promise<Taken | null> {
  for (const [index, filter] of filters.entries()) {
    if (all && met.includes(index)) continue;
    const turn = frame.run.breathe();
    if (turn !== undefined) await turn;
    const found = match(filter, event, expected[index], frame);
    if (found !== null) return { filter: index, found };
  }
  return null;
}

/** Whether the strategy has the events it waits for. */
export const isMet = ({ all, filters }: Strategy, met: readonly number[]): boolean =>
  all ? met.length >= filters.length : met.length > 0;
