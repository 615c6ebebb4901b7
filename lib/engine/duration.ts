/** Durations of the language (dsl-reference, Duration; ISO 8601): text such as `PT1M30S`, or `{ minutes: 1 }`. */
import type { Json } from '../jq/index.ts';
import { standardError, WorkflowError } from './errors.ts';
import { compileExpression, isStrictExpression, type Scope } from './expression.ts';

export type DurationResult = { ok: true; ms: number } | { ok: false; problem: string };

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS_MS = new Map([
  ['days', DAY],
  ['hours', HOUR],
  ['minutes', MINUTE],
  ['seconds', SECOND],
  ['milliseconds', 1],
]);

const NUMBER = String.raw`(\d{1,15}(?:\.\d{1,9})?)`;
const ISO_8601 = new RegExp(
  `^P(?=.)(?:${NUMBER}Y)?(?:${NUMBER}M)?(?:${NUMBER}W)?(?:${NUMBER}D)?` +
    `(?:T(?=.)(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`,
);

/**
 * Reads a duration, in milliseconds (a fraction of a millisecond is rounded).
 * A week has 7 days and a day 24 hours; years and months have no fixed length and are refused.
 */
export function parseDuration(value: Json): DurationResult {
  if (typeof value === 'string') return fromText(value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return fromUnits(value);
  return problem('a duration is ISO 8601 text such as "PT30S", or an object such as { "seconds": 30 }');
}

/** A duration in a definition, read once unless it is an expression. */
export interface Duration {
  /**
   * @param data what `.` is
   * @returns milliseconds
   * @throws {WorkflowError} of type expression, also when the expression gives no duration
   */
  milliseconds(data: Json, scope: Scope): number;
}

/**
 * Compiles a duration: a literal, or one whole `${ }` that gives one.
 * @throws {JqSyntaxError} when the expression does not parse
 * @throws {RangeError} when a literal is no duration
 */
export function compileDuration(value: Json, variables: readonly string[]): Duration {
  if (typeof value === 'string' && isStrictExpression(value)) {
    const expression = compileExpression(value, variables);
    return {
      milliseconds(data, scope) {
        const result = parseDuration(expression.evaluate(data, scope));
        if (result.ok) return result.ms;
        const detail = `The expression ${expression.source.trim()} gave no duration: ${result.problem}.`;
        throw new WorkflowError(standardError('expression', detail, scope.instance), 'task');
      },
    };
  }
  const result = parseDuration(value);
  if (!result.ok) throw new RangeError(result.problem);
  return { milliseconds: () => result.ms };
}

function fromText(text: string): DurationResult {
  const match = ISO_8601.exec(text);
  if (match === null)
    return problem(`${quote(text)} is not an ISO 8601 duration such as "PT30S" or "P1DT12H"`);
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(1);
  if (years !== undefined || months !== undefined) {
    return problem(`${quote(text)} has years or months, which have no fixed length; use weeks or days`);
  }
  const amount = (digits: string | undefined, unitMs: number) => Number(digits ?? 0) * unitMs;
  return total(
    amount(weeks, 7 * DAY) +
      amount(days, DAY) +
      amount(hours, HOUR) +
      amount(minutes, MINUTE) +
      amount(seconds, SECOND),
  );
}

function fromUnits(units: { [key: string]: Json }): DurationResult {
  const entries = Object.entries(units);
  if (entries.length === 0) return problem('a duration needs at least one unit');
  let ms = 0;
  for (const [unit, count] of entries) {
    const unitMs = UNITS_MS.get(unit);
    if (unitMs === undefined) {
      return problem(`${quote(unit)} is not a unit; the units are ${[...UNITS_MS.keys()].join(', ')}`);
    }
    if (!Number.isSafeInteger(count) || Number(count) < 0) {
      return problem(`${unit} must be a whole number of at least 0`);
    }
    ms += Number(count) * unitMs;
  }
  return total(ms);
}

function total(ms: number): DurationResult {
  const rounded = Math.round(ms);
  return Number.isSafeInteger(rounded) ? { ok: true, ms: rounded } : problem('the duration is too long');
}

const problem = (text: string): DurationResult => ({ ok: false, problem: text });
const quote = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
