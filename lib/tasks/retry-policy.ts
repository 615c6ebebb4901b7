/** Retry policies of `try` (dsl-reference, Retry): whether and when another attempt begins. */
import type { Duration } from '../engine/duration.ts';
import type { Frame } from '../engine/frame.ts';
import type { Locals } from '../engine/variables.ts';
import { member } from '../engine/json.ts';
import type { CompileContext, Expression, Json } from './types.ts';

/** Retries of a policy that limits neither their number nor their time. */
const DEFAULT_COUNT = 20;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

type Backoff = 'constant' | 'linear' | 'exponential';

export interface RetryPolicy {
  when: Expression | null;
  exceptWhen: Expression | null;
  delay: Duration | null;
  backoff: Backoff;
  /** `limit.attempt.count`: retries, not counting the first attempt. */
  count: number;
  /** `limit.attempt.duration`: of each attempt, the first too. */
  attemptDuration: Duration | null;
  /** `limit.duration`: from the first attempt, delays included. */
  duration: Duration | null;
  jitter: { from: Duration; to: Duration } | null;
}

/** The error in hand, and what was done about it before. */
export interface RetryFacts {
  error: Json;
  /** That of the `try`, on which its time limits are evaluated: there may be no error yet. */
  input: Json;
  locals: Locals;
  /** Retries so far. */
  retries: number;
  firstAttemptAtMs: number;
}

export type RetryDecision =
  | { kind: 'retry'; delayMs: number }
  /** The policy's condition or count says no. */
  | { kind: 'exhausted' }
  /** No time of `limit.duration` would be left for the next attempt. */
  | { kind: 'too_late' };

/**
 * @param value the policy; its conditions and delays see the error as `.` and as the variable `as`, its limits the
 *   input of the `try`
 */
export function compileRetryPolicy(value: Json, context: CompileContext, as: string): RetryPolicy {
  const locals = [as];
  const condition = (key: string) => {
    const text = member(value, key);
    return typeof text === 'string' ? context.expression(text, locals) : null;
  };
  const duration = (text: Json | undefined) => (text === undefined ? null : context.duration(text, locals));
  const limit = member(value, 'limit');
  const count = member(member(limit, 'attempt'), 'count');
  const total = duration(member(limit, 'duration'));
  const jitter = member(value, 'jitter');
  const from = duration(member(jitter, 'from'));
  const to = duration(member(jitter, 'to'));
  return {
    when: condition('when'),
    exceptWhen: condition('exceptWhen'),
    delay: duration(member(value, 'delay')),
    backoff: backoffOf(member(value, 'backoff')),
    count: typeof count === 'number' ? count : total === null ? DEFAULT_COUNT : Infinity,
    attemptDuration: duration(member(member(limit, 'attempt'), 'duration')),
    duration: total,
    jitter: from === null || to === null ? null : { from, to },
  };
}

function backoffOf(value: Json | undefined): Backoff {
  if (member(value, 'exponential') !== undefined) return 'exponential';
  return member(value, 'linear') === undefined ? 'constant' : 'linear';
}

/** Decides about another attempt. */
export function decideRetry(policy: RetryPolicy, facts: RetryFacts, frame: Frame): RetryDecision {
  const { error, input, locals, retries, firstAttemptAtMs } = facts;
  if (retries >= policy.count) return { kind: 'exhausted' };
  if (policy.when !== null && !frame.test(policy.when, error, locals)) return { kind: 'exhausted' };
  if (policy.exceptWhen !== null && frame.test(policy.exceptWhen, error, locals))
    return { kind: 'exhausted' };
  const delayMs = delayOf(policy, facts, frame);
  if (policy.duration !== null) {
    const elapsedMs = frame.ports.now() - firstAttemptAtMs;
    const limitMs = policy.duration.milliseconds(input, frame);
    if (elapsedMs + delayMs >= limitMs) return { kind: 'too_late' };
  }
  return { kind: 'retry', delayMs };
}

/** Delay before retry n = 1, 2, …: d, d·n or d·2^(n-1), which grows to 1 h at most, and the jitter. */
function delayOf(policy: RetryPolicy, facts: RetryFacts, frame: Frame): number {
  const scope = frame.scope(facts.locals);
  const retry = facts.retries + 1;
  const first = policy.delay?.milliseconds(facts.error, scope) ?? 0;
  const factor = { constant: 1, linear: retry, exponential: 2 ** (retry - 1) }[policy.backoff];
  const delayMs = Math.min(first * factor, Math.max(first, HOUR_MS));
  if (policy.jitter === null) return Math.min(delayMs, YEAR_MS);
  const from = policy.jitter.from.milliseconds(facts.error, scope);
  const to = policy.jitter.to.milliseconds(facts.error, scope);
  return Math.min(Math.round(delayMs + from + frame.ports.random() * (to - from)), YEAR_MS);
}
