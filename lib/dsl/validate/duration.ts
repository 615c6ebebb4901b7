/** Durations: ISO 8601 text, an object of units, or an expression that gives either. */
import { parseDuration } from '../../engine/duration.ts';
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { isExpression, ISO_DURATION, lineBreakHint } from './formats.ts';
import { memberChecks } from './members.ts';
import { checkObject, get, kindOf } from './shape.ts';
import { shown } from './text.ts';

const UNITS = ['days', 'hours', 'minutes', 'seconds', 'milliseconds'];

/** @returns milliseconds, or null when the duration is wrong or known at run time only */
export function checkDuration(
  context: Context,
  value: Json | undefined,
  path: string,
  locals: readonly string[],
  name: string,
): number | null {
  const { report } = context;
  if (typeof value === 'string') return checkText(context, value, path, locals);
  if (isJsonObject(value)) return checkUnits(context, value, path);
  report.shape(
    path,
    `${name} must be a duration such as \`PT30S\` or \`{ seconds: 30 }\`; it ${kindOf(value)}`,
  );
  return null;
}

/** As `checkDuration`; the duration must be longer than nothing. */
function checkPositiveDuration(
  context: Context,
  value: Json | undefined,
  path: string,
  locals: readonly string[],
  name: string,
): void {
  const ms = checkDuration(context, value, path, locals, name);
  if (ms === 0) context.report.semantic(path, `${name} must be longer than nothing`);
}

function checkText(context: Context, text: string, path: string, locals: readonly string[]): number | null {
  if (isExpression(text)) {
    context.expressions.expression(text, path, 'definition', locals);
    return null;
  }
  if (ISO_DURATION.test(text)) return parsed(context, text, path);
  const hint = lineBreakHint(text);
  context.report.shape(
    path,
    hint === '' ? `${shown(text)} is not an ISO 8601 duration such as \`PT30S\` or \`P1DT12H\`` : hint,
  );
  return null;
}

function checkUnits(context: Context, units: JsonObject, path: string): number | null {
  const { report } = context;
  if (Object.keys(units).length === 0) {
    report.shape(path, `a duration needs at least one unit, \`{ seconds: 30 }\` say`);
    return null;
  }
  const { integer } = memberChecks(report);
  const members = Object.fromEntries(
    UNITS.map((unit) => [
      unit,
      (count: Json, unitPath: string, name: string) => {
        if (typeof count === 'string' && isExpression(count)) {
          report.shape(
            unitPath,
            `${name} must be a whole number; make the whole duration one expression instead`,
          );
        } else integer(count, unitPath, name);
      },
    ]),
  );
  checkObject(report, units, path, { of: 'a duration', members });
  const whole = Object.keys(units).every(
    (unit) => UNITS.includes(unit) && Number.isInteger(get(units, unit)),
  );
  return whole ? parsed(context, units, path) : null;
}

function parsed({ report }: Context, value: Json, path: string): number | null {
  const duration = parseDuration(value);
  if (duration.ok) return duration.ms;
  report.semantic(path, duration.problem);
  return null;
}

/** `checkDuration` as the check of a member. */
export const durationIn =
  (context: Context, locals: readonly string[]) =>
  (value: Json, path: string, name: string): void =>
    void checkDuration(context, value, path, locals, name);

/** As `durationIn`, for durations that must be longer than nothing. */
export const positiveDurationIn =
  (context: Context, locals: readonly string[]) =>
  (value: Json, path: string, name: string): void =>
    checkPositiveDuration(context, value, path, locals, name);
