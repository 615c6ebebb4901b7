/** Retry policies, as `catch.retry` and `use.retries` define them. */
import { isStrictExpression } from '../../engine/expression.ts';
import { member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { checkDuration } from './duration.ts';
import { asObject, at, checkMembers, get, kindOf } from './shape.ts';
import { listed } from './text.ts';

const BACKOFFS = ['constant', 'linear', 'exponential'];

export function checkRetryPolicy(
  context: Context,
  value: Json,
  path: string,
  locals: readonly string[],
): void {
  const { report, expressions } = context;
  const policy = asObject(report, value, path, 'a retry policy');
  if (policy === null) return;
  checkMembers(report, policy, path, {
    of: 'a retry policy',
    known: ['when', 'exceptWhen', 'delay', 'backoff', 'limit', 'jitter'],
  });
  for (const key of ['when', 'exceptWhen']) {
    const condition = get(policy, key);
    if (typeof condition === 'string') {
      expressions.expression(condition, at(path, key), 'definition', locals);
    } else if (condition !== undefined) {
      report.error(at(path, key), `\`${key}\` must be an expression in a text; it ${kindOf(condition)}`);
    }
  }
  const delay = get(policy, 'delay');
  if (delay !== undefined) checkDuration(context, delay, at(path, 'delay'), locals, '`delay`');
  const backoff = get(policy, 'backoff');
  if (backoff !== undefined) checkBackoff(context, backoff, at(path, 'backoff'));
  const limit = get(policy, 'limit');
  if (limit !== undefined) checkLimit(context, limit, at(path, 'limit'), locals);
  const jitter = get(policy, 'jitter');
  if (jitter !== undefined) checkJitter(context, jitter, at(path, 'jitter'), locals);
}

/** Only what depends on the variables in scope: a policy that was checked before, used under other names. */
export function checkPolicyExpressions(
  { expressions }: Context,
  policy: Json,
  path: string,
  locals: readonly string[],
): void {
  const places = [
    ['when'],
    ['exceptWhen'],
    ['delay'],
    ['limit', 'duration'],
    ['jitter', 'from'],
    ['jitter', 'to'],
  ];
  for (const keys of places) {
    let value: Json | undefined = policy;
    for (const key of keys) value = member(value, key);
    const isCondition = keys.length === 1 && keys[0] !== 'delay';
    if (typeof value !== 'string' || !(isCondition || isStrictExpression(value))) continue;
    let valuePath = path;
    for (const key of keys) valuePath = at(valuePath, key);
    expressions.expression(value, valuePath, 'definition', locals);
  }
}

function checkBackoff({ report }: Context, value: Json, path: string): void {
  const backoff = asObject(report, value, path, '`backoff`');
  if (backoff === null) return;
  checkMembers(report, backoff, path, { of: '`backoff`', known: BACKOFFS });
  const given = BACKOFFS.filter((name) => Object.hasOwn(backoff, name));
  if (given.length !== 1) {
    const has = given.length === 0 ? 'none' : listed(given);
    report.error(
      path,
      `\`backoff\` must have exactly one of ${listed(BACKOFFS, 'or')}, \`constant: {}\` say; it has ${has}`,
    );
  }
  for (const name of given) {
    const parameters = asObject(report, get(backoff, name), at(path, name), `\`${name}\``);
    const [first] = Object.keys(parameters ?? {});
    if (first !== undefined) {
      report.warn(at(at(path, name), first), `a backoff has no parameters in DSL 1.0; this one is ignored`);
    }
  }
}

function checkLimit(context: Context, value: Json, path: string, locals: readonly string[]): void {
  const { report } = context;
  const limit = asObject(report, value, path, '`limit`');
  if (limit === null) return;
  checkMembers(report, limit, path, { of: '`limit`', known: ['attempt', 'duration'] });
  const duration = get(limit, 'duration');
  if (duration !== undefined)
    checkDuration(context, duration, at(path, 'duration'), locals, '`limit.duration`');
  const attempt = get(limit, 'attempt');
  if (attempt === undefined) return;
  const object = asObject(report, attempt, at(path, 'attempt'), '`limit.attempt`');
  if (object !== null) checkAttempt(context, object, at(path, 'attempt'));
}

function checkAttempt({ report }: Context, attempt: JsonObject, path: string): void {
  checkMembers(report, attempt, path, { of: '`limit.attempt`', known: ['count', 'duration'] });
  const count = get(attempt, 'count');
  if (count !== undefined && (!Number.isSafeInteger(count) || Number(count) < 0)) {
    report.error(at(path, 'count'), `\`count\` must be a whole number of at least 0; it ${kindOf(count)}`);
  }
  if (Object.hasOwn(attempt, 'duration')) {
    report.unsupported(at(path, 'duration'), 'limit.attempt.duration', 'use `limit.duration`');
  }
}

function checkJitter(context: Context, value: Json, path: string, locals: readonly string[]): void {
  const { report } = context;
  const jitter = asObject(report, value, path, '`jitter`');
  if (jitter === null) return;
  checkMembers(report, jitter, path, { of: '`jitter`', known: ['from', 'to'], required: ['from', 'to'] });
  const [from, to] = ['from', 'to'].map((key) => {
    const bound = get(jitter, key);
    return bound === undefined ? null : checkDuration(context, bound, at(path, key), locals, `\`${key}\``);
  });
  if (typeof from === 'number' && typeof to === 'number' && from > to) {
    report.error(path, '`from` must not be longer than `to`');
  }
}
