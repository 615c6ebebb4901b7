/**
 * Filters of listeners, apart from any run: what the dispatcher of events checks, and what it can look listeners up by.
 * Everything here was written by tenants: it is bounded, and what fails is no match.
 */
import { WorkflowError } from '../../engine/errors.ts';
import { compileExpression, type Expression, type Scope } from '../../engine/expression.ts';
import { member } from '../../engine/json.ts';
import type { CloudEvent, Json, ListenFilter } from '../../engine/types.ts';
import { createMeter, JqError, JqSyntaxError, type Limits } from '../../jq/index.ts';
import { compileAttribute, isLiteralText, type EventTest } from './attribute.ts';
import { canonicalText } from './canonical.ts';

export { canonicalText } from './canonical.ts';

/** One event against one filter: many listeners share the process that looks at them. */
const FILTER_LIMITS: Partial<Limits> = { maxSteps: 100_000, maxBytes: 4 << 20, maxTimeMs: 10 };
/** Compiled expressions of `correlate.from` that are kept, by their text. */
const MAX_CACHED = 500;

export interface CompiledListenFilter {
  /**
   * Whether the event passes. Never throws for what is in an event: an expression that fails, or that meets a limit,
   * does not match. A correlation without a known value needs its `from` to give one.
   * @param nowMs what `now` is, epoch milliseconds
   */
  matches(event: CloudEvent, nowMs: number): boolean;
}

/** The type that an event must have, by which a listener can be looked up; null when several may do. */
export function literalType(filter: ListenFilter): string | null {
  const type = member(filter.with, 'type');
  return typeof type === 'string' && isLiteralText(type) ? type : null;
}

/** Correlations whose value is known: an event must have it, compared by `canonicalText`. */
export function knownCorrelations(filter: ListenFilter): { from: string; value: Json }[] {
  return Object.values(filter.correlate).flatMap(({ from, expect }) =>
    expect === undefined ? [] : [{ from, value: expect }],
  );
}

/**
 * Compiles a filter, to be kept by the caller. One whose expressions do not parse matches nothing.
 * @param limits of one event, in place of the usual ones
 */
export function compileListenFilter(
  filter: ListenFilter,
  limits: Partial<Limits> = FILTER_LIMITS,
): CompiledListenFilter {
  let tests: EventTest[];
  try {
    tests = [
      ...Object.entries(filter.with).map(([name, expected]) => compileAttribute(name, expected, [])),
      ...Object.values(filter.correlate).map(({ from, expect }) => compileCorrelation(from, expect)),
    ];
  } catch (error) {
    if (error instanceof JqSyntaxError) return { matches: () => false };
    throw error;
  }
  return { matches: (event, nowMs) => passes(tests, event, scopeOf(nowMs, limits)) };
}

/** Whether an event passes all tests. What fails is no match: events of any shape come by. */
export function passes(tests: readonly EventTest[], event: CloudEvent, scope: Scope): boolean {
  try {
    return tests.every((test) => test(event, scope));
  } catch (error) {
    if (error instanceof WorkflowError || error instanceof JqError) return false;
    throw error;
  }
}

function compileCorrelation(from: string, expect: Json | undefined): EventTest {
  const expression = compileExpression(from, []);
  const expected = expect === undefined ? null : canonicalText(expect);
  return (event, scope) => {
    const value = expression.evaluate(event, scope);
    return value !== null && (expected === null || canonicalText(value) === expected);
  };
}

const froms = new Map<string, Expression | null>();

/**
 * What an event gives for a correlation, to look listeners up by.
 * @param from an expression on the event as a whole (dsl-reference, Correlation)
 * @returns undefined when it fails, or gives null: such an event correlates with nothing
 */
export function correlationValue(from: string, event: CloudEvent, nowMs: number): Json | undefined {
  const expression = cachedFrom(from);
  if (expression === null) return undefined;
  try {
    return expression.evaluate(event, scopeOf(nowMs, FILTER_LIMITS)) ?? undefined;
  } catch (error) {
    if (error instanceof WorkflowError) return undefined;
    throw error;
  }
}

function cachedFrom(from: string): Expression | null {
  const known = froms.get(from);
  if (known !== undefined) return known;
  let expression: Expression | null = null;
  try {
    expression = compileExpression(from, []);
  } catch (error) {
    if (!(error instanceof JqSyntaxError)) throw error;
  }
  const oldest = froms.keys().next();
  if (froms.size >= MAX_CACHED && oldest.done !== true) froms.delete(oldest.value);
  froms.set(from, expression);
  return expression;
}

/** For expressions that read the event alone, with one budget for all of them. */
const scopeOf = (nowMs: number, limits: Partial<Limits>): Scope => ({
  instance: '',
  limits,
  meter: createMeter(limits),
  nowMs: () => nowMs,
  variable: () => null,
});
