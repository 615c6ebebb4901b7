import { compile, JqError } from '../../../lib/jq/index.ts';
import type { Json, Limits } from '../../../lib/jq/index.ts';

/** So long that a busy machine fails no test; those of the time limit itself name theirs. */
const AMPLE_TIME_MS = 10_000;

/** All outputs of a program. */
export function outputs(source: string, input: Json = null, limits: Partial<Limits> = {}): Json[] {
  return compile(source, { variables: [] }).run(input, [], {
    limits: { maxTimeMs: AMPLE_TIME_MS, ...limits },
  });
}

/** The one output of a program. */
export function output(source: string, input: Json = null): Json {
  const [value, ...rest] = outputs(source, input);
  if (value === undefined || rest.length > 0) throw new Error(`expected one output of ${source}`);
  return value;
}

/** The message of the uncaught jq error of a program. */
export function errorOf(source: string, input: Json = null): string {
  try {
    outputs(source, input);
  } catch (error) {
    if (error instanceof JqError) return error.message;
    throw error;
  }
  throw new Error(`expected an error of ${source}`);
}
