/**
 * One attribute of an event filter's `with` (dsl-reference, Event Filter). The language says that it "supports both
 * regular expressions and runtime expressions"; how that is read:
 *
 * 1. An expression sees the attribute's value as `.` (null when the event lacks it). `true` and `false` decide. For
 *    `data` anything else decides as in jq; for other attributes, it is the value that the attribute must have.
 * 2. Text must be equal. For `type`, `source` and `subject`, text with characters of regular expressions beyond the
 *    dot may match as a whole, in linear time.
 * 3. An object or an array is a template on the attribute, to which it must be equal in depth.
 */
import {
  compileExpression,
  compileTemplate,
  isStrictExpression,
  type Scope,
} from '../../engine/expression.ts';
import { member } from '../../engine/json.ts';
import type { CloudEvent, Json } from '../../engine/types.ts';
import { compile, createMeter, equals, JqError, truthy } from '../../jq/index.ts';
import { dataOf } from './data.ts';

/** Whether an event passes. @throws {WorkflowError} of type expression */
export type EventTest = (event: CloudEvent, scope: Scope) => boolean;

/** Attributes whose text may be a regular expression. */
const PATTERNS = ['type', 'source', 'subject'];
/** What makes text a regular expression; a dot alone does not, as names of types are full of them. */
const METACHARACTER = /[\\^$|?*+()[\]{}]/;

/** Whether text stands for itself alone. */
export const isLiteralText = (text: string): boolean =>
  !isStrictExpression(text) && !METACHARACTER.test(text);

/**
 * Compiles what an attribute must be.
 * @param variables what the expressions may name, without `$`
 * @throws {JqSyntaxError} when an expression does not parse or names another variable
 */
export function compileAttribute(name: string, expected: Json, variables: readonly string[]): EventTest {
  const value = name === 'data' ? dataOf : (event: CloudEvent) => member(event, name) ?? null;
  if (typeof expected === 'string') {
    if (isStrictExpression(expected)) return compilePredicate(name, expected, variables, value);
    if (name === 'data') return (event) => value(event) === expected;
    const matches = PATTERNS.includes(name) && !isLiteralText(expected) ? compilePattern(expected) : null;
    return (event, scope) => {
      const actual = value(event);
      if (sameText(actual, expected)) return true;
      return matches !== null && typeof actual === 'string' && matches(actual, scope);
    };
  }
  if (name !== 'data' && (typeof expected !== 'object' || expected === null)) {
    return (event) => sameText(value(event), expected);
  }
  const template = compileTemplate(expected, variables);
  return (event, scope) => equals(template.evaluate(value(event), scope), value(event));
}

function compilePredicate(
  name: string,
  text: string,
  variables: readonly string[],
  valueOf: (event: CloudEvent) => Json,
): EventTest {
  const expression = compileExpression(text, variables);
  return (event, scope) => {
    const value = valueOf(event);
    const result = expression.evaluate(value, scope);
    if (typeof result === 'boolean' || name === 'data') return truthy(result);
    return result !== null && sameText(value, result);
  };
}

/**
 * Whether two values of an attribute are the same as text: over HTTP in binary mode every attribute comes as text
 * (CloudEvents 1.0, section 3.1).
 */
function sameText(a: Json, b: Json): boolean {
  if (a === null || b === null || typeof a === 'object' || typeof b === 'object') return equals(a, b);
  return String(a) === String(b);
}

/** jq's own: it runs in linear time, and within a budget. */
const REGEX = compile('test($pattern)', { variables: ['pattern'] });
/** For a pattern that is tried on nothing, to see whether it is one. */
const TRIAL_LIMITS = { maxSteps: 100_000, maxTimeMs: 20 };

/** null: the text is no regular expression, and stands for itself. */
function compilePattern(text: string): ((value: string, scope: Scope) => boolean) | null {
  try {
    // By itself, so that no bracket of it closes those put around it.
    REGEX.run('', [text], { limits: TRIAL_LIMITS });
  } catch (error) {
    if (error instanceof JqError) return null;
    throw error;
  }
  const pattern = `\\A(?:${text})\\z`;
  return (value, scope) => {
    const meter = scope.meter ?? createMeter(scope.limits);
    return REGEX.run(value, [pattern], { meter }).some(truthy);
  };
}
