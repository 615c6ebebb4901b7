/** Retry policies, as `catch.retry` and `use.retries` define them. */
import { isStrictExpression } from '../../engine/expression.ts';
import { member } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { expressionIn } from './condition.ts';
import type { Context } from './context.ts';
import { checkDuration, durationIn, positiveDurationIn } from './duration.ts';
import { asObject, at, checkObject, get, kindOf, type MemberCheck } from './shape.ts';
import { listed } from './text.ts';

const BACKOFFS = ['constant', 'linear', 'exponential'];

export function checkRetryPolicy(
  context: Context,
  value: Json,
  path: string,
  locals: readonly string[],
): void {
  const { report } = context;
  const policy = asObject(report, value, path, 'a retry policy');
  if (policy === null) return;
  const condition = expressionIn(context, 'definition', locals);
  checkObject(report, policy, path, {
    of: 'a retry policy',
    members: {
      when: condition,
      exceptWhen: condition,
      delay: durationIn(context, locals),
      backoff: backoffIn(context),
      limit: limitIn(context, locals),
      jitter: jitterIn(context, locals),
    },
  });
}

/** Where a policy has expressions: always, or only when the text is one whole `${ }`. */
const CONDITIONS = [['when'], ['exceptWhen']];
const DURATIONS = [
  ['delay'],
  ['limit', 'duration'],
  ['limit', 'attempt', 'duration'],
  ['jitter', 'from'],
  ['jitter', 'to'],
];

/** Only what depends on the variables in scope: a policy that was checked before, used under other names. */
export function checkPolicyExpressions(
  { expressions }: Context,
  policy: Json,
  path: string,
  locals: readonly string[],
): void {
  for (const keys of [...CONDITIONS, ...DURATIONS]) {
    let value: Json | undefined = policy;
    for (const key of keys) value = member(value, key);
    if (typeof value !== 'string' || !(CONDITIONS.includes(keys) || isStrictExpression(value))) continue;
    expressions.expression(value, keys.reduce(at, path), 'definition', locals);
  }
}

const backoffIn =
  ({ report }: Context): MemberCheck =>
  (value, path, name) => {
    const backoff = asObject(report, value, path, name);
    if (backoff === null) return;
    const parameters: MemberCheck = (given, givenPath, givenName) => {
      const [first] = Object.keys(asObject(report, given, givenPath, givenName) ?? {});
      if (first === undefined) return;
      report.warn(at(givenPath, first), 'a backoff has no parameters in DSL 1.0; this one is ignored');
    };
    const members = Object.fromEntries(BACKOFFS.map((backoffName) => [backoffName, parameters]));
    checkObject(report, backoff, path, { of: name, members });
    const given = BACKOFFS.filter((backoffName) => Object.hasOwn(backoff, backoffName));
    if (given.length === 1) return;
    const has = given.length === 0 ? 'none' : listed(given);
    report.shape(
      path,
      `\`backoff\` must have exactly one of ${listed(BACKOFFS, 'or')}, \`constant: {}\` say; it has ${has}`,
    );
  };

const limitIn =
  (context: Context, locals: readonly string[]): MemberCheck =>
  (value, path, name) => {
    const { report } = context;
    const limit = asObject(report, value, path, name);
    if (limit === null) return;
    checkObject(report, limit, path, {
      of: name,
      members: {
        duration: (duration, durationPath) =>
          void checkDuration(context, duration, durationPath, locals, '`limit.duration`'),
        attempt(attempt, attemptPath) {
          const object = asObject(report, attempt, attemptPath, '`limit.attempt`');
          if (object === null) return;
          checkObject(report, object, attemptPath, {
            of: '`limit.attempt`',
            members: { count: countIn(context), duration: positiveDurationIn(context, locals) },
          });
        },
      },
    });
  };

const countIn =
  ({ report }: Context): MemberCheck =>
  (count, path) => {
    if (!Number.isInteger(count)) {
      report.shape(path, `\`count\` must be a whole number of at least 0; it ${kindOf(count)}`);
    } else if (Number(count) < 0 || !Number.isSafeInteger(count)) {
      report.semantic(path, `\`count\` must be a whole number of at least 0; it is ${Number(count)}`);
    }
  };

const jitterIn =
  (context: Context, locals: readonly string[]): MemberCheck =>
  (value, path, name) => {
    const { report } = context;
    const jitter = asObject(report, value, path, name);
    if (jitter === null) return;
    checkObject(report, jitter, path, {
      of: name,
      members: { from: null, to: null },
      required: ['from', 'to'],
    });
    const [from, to] = ['from', 'to'].map((key) => {
      const bound = get(jitter, key);
      return bound === undefined ? null : checkDuration(context, bound, at(path, key), locals, `\`${key}\``);
    });
    if (typeof from === 'number' && typeof to === 'number' && from > to) {
      report.semantic(path, '`from` must not be longer than `to`');
    }
  };
