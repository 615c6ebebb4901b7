/* oxlint-disable unicorn/no-thenable -- `then` is a word of the workflow language. */
/** `try`: what to attempt, which errors to catch, and what to do about them. */
import { isStrictExpression } from '../../engine/expression.ts';
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { expressionIn } from './condition.ts';
import type { Context, TaskPlace } from './context.ts';
import { checkStatus } from './error.ts';
import { checkLocalName } from './local-name.ts';
import { checkReference } from './reference.ts';
import { checkPolicyExpressions, checkRetryPolicy } from './retry.ts';
import { asObject, asText, at, checkObject, get, type MemberCheck } from './shape.ts';
import { checkThen } from './then.ts';

export function checkTry(place: TaskPlace): void {
  const { context, task, path, locals } = place;
  context.taskList(get(task, 'try'), { path: at(path, 'try'), locals, name: '`try`' });
  const value = get(task, 'catch');
  if (value === undefined) {
    context.report.shape(
      path,
      'missing `catch`; a `try` task needs `try` and `catch` (`catch: {}` catches everything)',
    );
    return;
  }
  const clause = asObject(context.report, value, at(path, 'catch'), '`catch`');
  if (clause !== null) checkCatch(place, clause, at(path, 'catch'));
}

function checkCatch({ context, locals, siblings }: TaskPlace, clause: JsonObject, path: string): void {
  const { report } = context;
  const name = checkLocalName(report, get(clause, 'as'), at(path, 'as'), '`as`', 'error');
  const inner = [...new Set([...locals, name])];
  const condition = expressionIn(context, 'definition', inner);
  checkObject(report, clause, path, {
    of: '`catch`',
    members: {
      errors: errorsIn(context),
      as: null,
      when: condition,
      exceptWhen: condition,
      retry: (retry, retryPath) => checkRetry(context, retry, retryPath, inner, name),
      do: (list, listPath) => context.taskList(list, { path: listPath, locals: inner, name: '`catch.do`' }),
      then: (then, thenPath) => checkThen(report, then, thenPath, siblings),
    },
  });
}

/** `catch.errors`. The schema lets other members pass; they would be filters that filter nothing. */
const errorsIn =
  (context: Context): MemberCheck =>
  (value, path, name) => {
    const { report } = context;
    const errors = asObject(report, value, path, name);
    if (errors === null) return;
    checkObject(report, errors, path, {
      of: '`catch.errors`',
      members: {
        with(given, filterPath) {
          const filter = asObject(report, given, filterPath, '`errors.with`');
          if (filter !== null) checkFilter(context, filter, filterPath);
        },
      },
      open: true,
    });
  };

function checkFilter(context: Context, filter: JsonObject, path: string): void {
  const { report } = context;
  const literal: MemberCheck = (expected, memberPath, name) => {
    const text = asText(report, expected, memberPath, name);
    if (text === null || !isStrictExpression(text)) return;
    report.warn(
      memberPath,
      'the filter compares literally, and this text is never evaluated; use `catch.when`',
    );
  };
  checkObject(report, filter, path, {
    of: '`errors.with`',
    members: {
      type: literal,
      status: (status, statusPath) => checkStatus(context, status, statusPath, 404),
      instance: literal,
      title: literal,
      detail: literal,
    },
    synonyms: { details: 'detail' },
    open: true,
  });
  if (Object.keys(filter).length > 0) return;
  report.shape(path, '`errors.with` must name at least one property; leave `errors` out to catch everything');
}

function checkRetry(
  context: Context,
  value: Json,
  path: string,
  locals: readonly string[],
  errorName: string,
): void {
  if (typeof value !== 'string') {
    checkRetryPolicy(context, value, path, locals);
    return;
  }
  const policy = checkReference(context, value, path, 'retries');
  if (policy === undefined) return;
  // A reusable policy sees the error under the name that each user gives it, and no other local variable.
  const policyPath = at('/use/retries', value);
  if (context.checkedRetries.has(value)) checkPolicyExpressions(context, policy, policyPath, [errorName]);
  else checkRetryPolicy(context, policy, policyPath, [errorName]);
  context.checkedRetries.add(value);
}
