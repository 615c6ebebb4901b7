/**
 * A filter of a `listen`, as its run sees it: with the variables of the run, and with what correlations have found so
 * far. What can be told from the event alone is also registered, so that other events do not wake the run.
 */
import { compileExpression, isStrictExpression, type Expression } from '../../engine/expression.ts';
import type { Frame } from '../../engine/frame.ts';
import { isJsonObject, member, setMember, type JsonObject } from '../../engine/json.ts';
import type { CloudEvent, Json, ListenFilter } from '../../engine/types.ts';
import { createMeter, JqSyntaxError } from '../../jq/index.ts';
import type { CompileContext, Evaluable } from '../types.ts';
import { compileAttribute, type EventTest } from './attribute.ts';
import { canonicalText } from './canonical.ts';
import { passes } from './filter.ts';

interface Correlation {
  name: string;
  /** As in the definition. */
  text: string;
  from: Expression;
  /** null: what is found first is expected from then on. */
  expect: Evaluable | null;
  /** `from` needs variables of the run. */
  isOwn: boolean;
}

export interface RunFilter {
  tests: readonly EventTest[];
  /** Attributes that can be looked at without the run. */
  registered: JsonObject;
  correlations: readonly Correlation[];
}

export function compileRunFilter(definition: Json, context: CompileContext): RunFilter {
  const attributes = Object.entries(objectOf(member(definition, 'with')));
  const registered: JsonObject = {};
  const tests = attributes.map(([name, expected]) => {
    const { compiled, isOwn } = alone(context, (variables) => compileAttribute(name, expected, variables));
    if (!isOwn) setMember(registered, name, expected);
    return compiled;
  });
  const correlate = Object.entries(objectOf(member(definition, 'correlate')));
  return {
    tests,
    registered,
    correlations: correlate.map(([name, node]) => compileCorrelation(name, node, context)),
  };
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

/** Compiles without variables when that is possible. */
function alone<T>(
  context: CompileContext,
  compile: (variables: readonly string[]) => T,
): { compiled: T; isOwn: boolean } {
  try {
    return { compiled: compile([]), isOwn: false };
  } catch (error) {
    if (!(error instanceof JqSyntaxError)) throw error;
    return { compiled: compile(context.variables), isOwn: true };
  }
}

function compileCorrelation(name: string, node: Json, context: CompileContext): Correlation {
  const from = member(node, 'from');
  const text = typeof from === 'string' ? from : '';
  const { compiled, isOwn } = alone(context, (variables) => compileExpression(text, variables));
  const expect = member(node, 'expect');
  return { name, text, from: compiled, expect: compileExpected(expect, context), isOwn };
}

/** A constant, or an expression in `${ }` on the input of the task. */
function compileExpected(expect: Json | undefined, context: CompileContext): Evaluable | null {
  if (expect === undefined) return null;
  if (typeof expect === 'string' && isStrictExpression(expect)) return context.expression(expect);
  return { evaluate: () => expect };
}

/** What the filters expect of correlations, evaluated once, when the task begins: by filter, then by name. */
export const expectationsOf = (filters: readonly RunFilter[], frame: Frame, input: Json): Json[] =>
  filters.map(({ correlations }) => {
    const expected: JsonObject = {};
    for (const { name, expect } of correlations) {
      if (expect !== null) setMember(expected, name, frame.evaluate(expect, input));
    }
    return expected;
  });

/** The filter for the port, with everything that is known now. */
export function listenFilter(filter: RunFilter, expected: Json | undefined, frame: Frame): ListenFilter {
  const correlate: ListenFilter['correlate'] = {};
  for (const { name, text, isOwn } of filter.correlations) {
    if (isOwn) continue;
    const expect = expectedValue(name, expected, frame);
    setMember(correlate, name, expect === undefined ? { from: text } : { from: text, expect });
  }
  return { with: filter.registered, correlate };
}

/** What an event must give: the filter's own expectation, or what a correlation of that name has found in this run. */
const expectedValue = (name: string, expected: Json | undefined, frame: Frame): Json | undefined =>
  member(expected, name) ?? member(frame.run.progress.correlations, name);

/**
 * Whether an event passes. An expression that fails is no match: events of any shape come by.
 * @returns null when it does not; else what correlations have found in it for the first time, by their names
 */
export function match(
  filter: RunFilter,
  event: CloudEvent,
  expected: Json | undefined,
  frame: Frame,
): JsonObject | null {
  const scope = {
    instance: frame.instance,
    limits: frame.limits,
    // One of its own: what other events have used up must not decide about this one.
    meter: createMeter(frame.limits),
    nowMs: () => frame.nowMs(),
    variable: (name: string) => frame.variable(name),
  };
  const found: JsonObject = {};
  const correlates: EventTest[] = filter.correlations.map(({ name, from }) => (of, within) => {
    const value = from.evaluate(of, within);
    if (value === null) return false;
    const wanted = expectedValue(name, expected, frame);
    if (wanted === undefined) setMember(found, name, value);
    return wanted === undefined || canonicalText(value) === canonicalText(wanted);
  });
  return passes([...filter.tests, ...correlates], event, scope) ? found : null;
}
