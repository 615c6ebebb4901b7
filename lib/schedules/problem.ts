/** Why a schedule of a definition cannot be kept, and what of it is worked out at publish. */
import { WorkflowError } from '../engine/errors.ts';
import { compileExpression, isStrictExpression } from '../engine/expression.ts';
import type { Json } from '../engine/types.ts';
import type { ErrorItem } from '../errors.ts';
import { JqSyntaxError } from '../jq/index.ts';

const LIMITS = { maxSteps: 100_000, maxTimeMs: 20 };

/** What keeps a schedule from being one, at its JSON pointer. */
export class ScheduleProblem extends Error {
  readonly item: ErrorItem;
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ScheduleProblem';
    this.item = { path, message };
  }
}

/**
 * The value of what may be an expression. It is worked out once, at publish, so it sees no data and no variables.
 * @throws {ScheduleProblem} when it fails
 */
export function constantOf(value: Json, path: string): Json {
  if (typeof value !== 'string' || !isStrictExpression(value)) return value;
  try {
    const scope = { instance: '', limits: LIMITS, nowMs: () => 0, variable: () => null };
    return compileExpression(value, []).evaluate(null, scope);
  } catch (error) {
    if (!(error instanceof JqSyntaxError || error instanceof WorkflowError)) throw error;
    const message = 'this expression is worked out at publish, without data and variables, and that failed';
    throw new ScheduleProblem(path, message, { cause: error });
  }
}
