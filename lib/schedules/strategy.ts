/** `schedule.on`: which events start a run (dsl-reference, Event Consumption Strategy). */
import { at } from '../dsl/validate/shape.ts';
import { compileExpression } from '../engine/expression.ts';
import { isJsonObject, member, setMember, type JsonObject } from '../engine/json.ts';
import type { Json, ListenFilter } from '../engine/types.ts';
import { JqSyntaxError } from '../jq/index.ts';
import { compileAttribute } from '../tasks/events/attribute.ts';
import { constantOf, ScheduleProblem } from './problem.ts';

/** When events that are collected are enough. */
type Until =
  /** An expression on the events collected so far. */
  | { kind: 'expression'; expression: string }
  /** Other events: the filters that stand behind those of the strategy, any of which is enough, or all of them. */
  | { kind: 'events'; all: boolean };

/** Plain data: it is stored with the schedule. */
export interface Strategy {
  /** `each`: every event that matches starts a run. `all`: one event for each filter does. */
  mode: 'each' | 'all' | 'until';
  /** Those of `until` come last. */
  filters: ListenFilter[];
  /** How many of the filters say what is collected. */
  collecting: number;
  until: Until | null;
  /** Names of correlations without a known value: events that agree on them are collected together. */
  groupedBy: string[];
}

/** Each event is checked against all of them. */
const MAX_FILTERS = 20;

/** @throws {ScheduleProblem} when it names what the event does not tell */
function checked(path: string, compile: () => unknown): void {
  try {
    compile();
  } catch (error) {
    if (!(error instanceof JqSyntaxError)) throw error;
    const message = `${error.message}; an expression here sees the event alone`;
    throw new ScheduleProblem(path, message, { cause: error });
  }
}

function readCorrelate(value: Json | undefined, path: string): ListenFilter['correlate'] {
  const correlate: JsonObject = {};
  for (const [name, correlation] of isJsonObject(value) ? Object.entries(value) : []) {
    const from = member(correlation, 'from');
    if (typeof from !== 'string') continue;
    const namePath = at(path, name);
    checked(at(namePath, 'from'), () => compileExpression(from, []));
    const expect = member(correlation, 'expect');
    const known = expect === undefined ? {} : { expect: constantOf(expect, at(namePath, 'expect')) };
    setMember(correlate, name, { from, ...known });
  }
  // The cast: every member was made just now.
  return correlate as ListenFilter['correlate'];
}

function readFilter(filter: Json, path: string): ListenFilter {
  const given = member(filter, 'with');
  const attributes = isJsonObject(given) ? given : {};
  for (const [name, expected] of Object.entries(attributes)) {
    checked(at(at(path, 'with'), name), () => compileAttribute(name, expected, []));
  }
  return { with: attributes, correlate: readCorrelate(member(filter, 'correlate'), `${path}/correlate`) };
}

const tooMany = (path: string): ScheduleProblem =>
  new ScheduleProblem(path, `a schedule has at most ${MAX_FILTERS} event filters`);

interface ReadFilters {
  kind: 'one' | 'any' | 'all';
  filters: ListenFilter[];
}

function readFilters(strategy: Json, path: string): ReadFilters {
  const one = member(strategy, 'one');
  if (one !== undefined) return { kind: 'one', filters: [readFilter(one, `${path}/one`)] };
  const kind = member(strategy, 'all') === undefined ? 'any' : 'all';
  const list = member(strategy, kind);
  if (Array.isArray(list) && list.length > MAX_FILTERS) throw tooMany(path);
  const filters = (Array.isArray(list) ? list : []).map((filter, index) =>
    readFilter(filter, `${path}/${kind}/${index}`),
  );
  if (kind === 'all' && filters.length === 0) {
    throw new ScheduleProblem(at(path, kind), 'a schedule needs at least one event that it waits for');
  }
  // `any: []` takes every event.
  return { kind, filters: filters.length === 0 ? [{ with: {}, correlate: {} }] : filters };
}

const openNames = ({ correlate }: ListenFilter): string[] =>
  Object.keys(correlate)
    .filter((name) => correlate[name]?.expect === undefined)
    .toSorted();

/** Events of different filters can be told to belong together only when all filters correlate the same names. */
function groupNames(filters: readonly ListenFilter[], path: string): string[] {
  const [first = [], ...others] = filters.map(openNames);
  if (others.some((names) => names.join('\0') !== first.join('\0'))) {
    throw new ScheduleProblem(
      path,
      'the filters must correlate the same names, so that events can be told to belong together',
    );
  }
  return first;
}

/**
 * Reads a valid `schedule.on`.
 * @throws {ScheduleProblem} when events could not be matched by it
 */
export function readStrategy(on: Json, path: string): Strategy {
  const { kind, filters } = readFilters(on, path);
  const until = member(on, 'until');
  const other = isJsonObject(until) ? readFilters(until, `${path}/until`) : null;
  const all = [...filters, ...(other?.filters ?? [])];
  if (all.length > MAX_FILTERS) throw tooMany(path);
  const base = { filters: all, collecting: filters.length };
  if (typeof until === 'string') {
    checked(`${path}/until`, () => compileExpression(until, []));
    const expression: Until = { kind: 'expression', expression: until };
    return { ...base, mode: 'until', until: expression, groupedBy: groupNames(all, path) };
  }
  if (other !== null) {
    const events: Until = { kind: 'events', all: other.kind === 'all' };
    return { ...base, mode: 'until', until: events, groupedBy: groupNames(all, path) };
  }
  if (kind === 'all') return { ...base, mode: 'all', until: null, groupedBy: groupNames(all, path) };
  return { ...base, mode: 'each', until: null, groupedBy: [] };
}
