/** Which errors a `try` catches (dsl-reference, Catch): all given members equal, `when`, and not `exceptWhen`. */
import { sameErrorType } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import type { Locals } from '../engine/variables.ts';
import { isJsonObject, member } from '../engine/json.ts';
import type { DslError } from '../engine/types.ts';
import type { CompileContext, Expression, Json, JsonObject } from './types.ts';

export interface CatchFilter {
  /** `errors.with`: members that must be equal; the forms of a standard type are. */
  with: readonly (readonly [string, Json])[];
  when: Expression | null;
  exceptWhen: Expression | null;
}

/** @param as name of the variable that holds the error */
export function compileCatchFilter(clause: Json, context: CompileContext, as: string): CatchFilter {
  const condition = (key: string) => {
    const text = member(clause, key);
    return typeof text === 'string' ? context.expression(text, [as]) : null;
  };
  const expected = member(member(clause, 'errors'), 'with');
  return {
    with: isJsonObject(expected) ? Object.entries(expected) : [],
    when: condition('when'),
    exceptWhen: condition('exceptWhen'),
  };
}

/** Whether the error matches. In the conditions `.` is the error. */
export function catches(filter: CatchFilter, error: JsonObject, locals: Locals, frame: Frame): boolean {
  if (!filter.with.every(([key, expected]) => equal(key, expected, member(error, key)))) return false;
  if (filter.when !== null && !frame.test(filter.when, error, locals)) return false;
  return filter.exceptWhen === null || !frame.test(filter.exceptWhen, error, locals);
}

function equal(key: string, expected: Json, actual: Json | undefined): boolean {
  if (key === 'type' && typeof expected === 'string' && typeof actual === 'string') {
    return sameErrorType(expected, actual);
  }
  return expected === actual;
}

/** The error as expressions see it. */
export function errorValue({ type, status, title, detail, instance }: DslError): JsonObject {
  return { type, status, title, ...(detail !== undefined && { detail }), instance };
}
