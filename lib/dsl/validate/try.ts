/** `try`: what to attempt, which errors to catch, and what to do about them. */
import { isStrictExpression } from '../../engine/expression.ts';
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context, TaskPlace } from './context.ts';
import { checkLocalName } from './local-name.ts';
import { checkReference } from './raise.ts';
import { checkPolicyExpressions, checkRetryPolicy } from './retry.ts';
import { asObject, asText, at, checkMembers, get, kindOf } from './shape.ts';
import { checkThen } from './then.ts';

const FILTERS = ['type', 'status', 'instance', 'title', 'detail'];

export function checkTry(place: TaskPlace): void {
  const { context, task, path, locals } = place;
  context.taskList(get(task, 'try'), at(path, 'try'), locals, '`try`');
  const value = get(task, 'catch');
  if (value === undefined) {
    context.report.error(
      path,
      'missing `catch`; a `try` task needs `try` and `catch` (`catch: {}` catches everything)',
    );
    return;
  }
  const clause = asObject(context.report, value, at(path, 'catch'), '`catch`');
  if (clause !== null) checkCatch(place, clause, at(path, 'catch'));
}

function checkCatch({ context, locals, siblings }: TaskPlace, clause: JsonObject, path: string): void {
  const { report, expressions } = context;
  checkMembers(report, clause, path, {
    of: '`catch`',
    known: ['errors', 'as', 'when', 'exceptWhen', 'retry', 'do', 'then'],
  });
  const errors = get(clause, 'errors');
  if (errors !== undefined) checkFilter(context, errors, at(path, 'errors'));
  const name = checkLocalName(report, get(clause, 'as'), at(path, 'as'), '`as`', 'error');
  const inner = [...new Set([...locals, name])];
  for (const key of ['when', 'exceptWhen']) {
    const condition = get(clause, key);
    if (typeof condition === 'string') {
      expressions.expression(condition, at(path, key), 'definition', inner);
    } else if (condition !== undefined) {
      report.error(at(path, key), `\`${key}\` must be an expression in a text; it ${kindOf(condition)}`);
    }
  }
  const retry = get(clause, 'retry');
  if (retry !== undefined) checkRetry(context, retry, at(path, 'retry'), inner, name);
  if (Object.hasOwn(clause, 'do')) context.taskList(get(clause, 'do'), at(path, 'do'), inner, '`catch.do`');
  const then = get(clause, 'then');
  if (then !== undefined) checkThen(report, then, at(path, 'then'), siblings);
}

function checkFilter({ report }: Context, value: Json, path: string): void {
  const errors = asObject(report, value, path, '`errors`');
  if (errors === null) return;
  checkMembers(report, errors, path, { of: '`catch.errors`', known: ['with'] });
  const given = get(errors, 'with');
  if (given === undefined) return;
  const filterPath = at(path, 'with');
  const filter = asObject(report, given, filterPath, '`errors.with`');
  if (filter === null) return;
  checkMembers(report, filter, filterPath, {
    of: '`errors.with`',
    known: FILTERS,
    synonyms: { details: 'detail' },
  });
  if (Object.keys(filter).length === 0) {
    report.error(
      filterPath,
      '`errors.with` must name at least one property; leave `errors` out to catch everything',
    );
  }
  for (const key of FILTERS) {
    const expected = get(filter, key);
    if (expected === undefined) continue;
    const memberPath = at(filterPath, key);
    if (key === 'status') {
      if (!Number.isSafeInteger(expected)) {
        report.error(memberPath, `\`status\` must be a whole number such as 404; it ${kindOf(expected)}`);
      }
      continue;
    }
    const text = asText(report, expected, memberPath, `\`${key}\``);
    if (text !== null && isStrictExpression(text)) {
      report.warn(
        memberPath,
        'the filter compares literally, and this text is never evaluated; use `catch.when`',
      );
    }
  }
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
  checkReference(context, value, path, 'retries', context.use.retries);
  const policy = context.use.retries.get(value);
  if (policy === undefined) return;
  // A reusable policy sees the error under the name that each user gives it, and no other local variable.
  const policyPath = at('/use/retries', value);
  if (context.checkedRetries.has(value)) checkPolicyExpressions(context, policy, policyPath, [errorName]);
  else checkRetryPolicy(context, policy, policyPath, [errorName]);
  context.checkedRetries.add(value);
}
