/** Durations: ISO 8601 text, an object of units, or an expression that gives either. */
import { parseDuration } from '../../engine/duration.ts';
import { isStrictExpression } from '../../engine/expression.ts';
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { at, checkMembers, kindOf } from './shape.ts';

const UNITS = ['days', 'hours', 'minutes', 'seconds', 'milliseconds'];

/** @returns milliseconds, or null when the duration is wrong or known at run time only */
export function checkDuration(
  context: Context,
  value: Json | undefined,
  path: string,
  locals: readonly string[],
  name: string,
): number | null {
  const { report, expressions } = context;
  if (typeof value === 'string') {
    if (isStrictExpression(value)) {
      expressions.expression(value, path, 'definition', locals);
      return null;
    }
    return parsed(context, value, path);
  }
  if (!isJsonObject(value)) {
    report.error(
      path,
      `${name} must be a duration such as \`PT30S\` or \`{ seconds: 30 }\`; it ${kindOf(value)}`,
    );
    return null;
  }
  if (Object.keys(value).some((unit) => !UNITS.includes(unit))) {
    checkMembers(report, value, path, { of: 'a duration', known: UNITS });
    return null;
  }
  for (const [unit, count] of Object.entries(value)) {
    if (typeof count === 'string' && isStrictExpression(count)) {
      report.error(
        at(path, unit),
        `\`${unit}\` must be a whole number; make the whole duration one expression instead`,
      );
      return null;
    }
  }
  return parsed(context, value, path);
}

function parsed({ report }: Context, value: Json, path: string): number | null {
  const duration = parseDuration(value);
  if (duration.ok) return duration.ms;
  report.error(path, duration.problem);
  return null;
}
