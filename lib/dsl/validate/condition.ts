/** Members that are expressions by nature: `if`, `when`, `while`… */
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import type { Stage } from './expressions.ts';
import { kindOf, type MemberCheck } from './shape.ts';

/** The check of a member that is an expression, bare or in `${ }`. */
export const expressionIn =
  ({ report, expressions }: Context, stage: Stage, locals: readonly string[]): MemberCheck =>
  (value: Json, path: string, name: string) => {
    if (typeof value === 'string') expressions.expression(value, path, stage, locals);
    else report.shape(path, `${name} must be an expression in a text; it ${kindOf(value)}`);
  };

/** The check of a member that is data with expressions inside. */
export const templateIn =
  ({ expressions }: Context, stage: Stage, locals: readonly string[]): MemberCheck =>
  (value: Json, path: string) =>
    expressions.template(value, path, stage, locals);
