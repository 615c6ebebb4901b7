/** Variables of expressions that do not belong to the task alone. */
import type { Json } from '../jq/index.ts';
import { standardError, WorkflowError } from './errors.ts';
import type { RunFacts } from './types.ts';

/** Variables that exist only inside a scope: a loop's item and index, a caught error. */
export type Locals = Readonly<Record<string, Json>>;

/** Inner variables hide outer ones of the same name; any name is possible, also `__proto__`. */
export function localsOf(...parts: Locals[]): Locals {
  const locals: Record<string, Json> = Object.create(null);
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) locals[name] = value;
  }
  return locals;
}

/** `$secrets` @throws {WorkflowError} of type authorization when the org lacks one that the definition names */
export function secretsOf({ secrets }: RunFacts, instance: string): Json {
  const { values, missing } = secrets;
  if (missing.length === 0) return values;
  const names = missing.map((name) => JSON.stringify(name)).join(', ');
  throw new WorkflowError(
    standardError('authorization', `The org has no secret ${names}.`, instance),
    'task',
  );
}
