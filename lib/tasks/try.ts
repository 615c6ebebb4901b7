/**
 * `try`: runs a list, and catches the errors that match (dsl-reference, Try). A caught error is retried first, if
 * there is a policy; once that is exhausted, `catch.do` and `catch.then` handle it, or else it goes on unchanged.
 */
import { Flow, type CompiledList, type Target, type TaskResult } from '../engine/compiled.ts';
import { WorkflowError } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import { runList } from '../engine/list.ts';
import { newList } from '../engine/tree.ts';
import type { DslError, ListProgress } from '../engine/types.ts';
import { catches, compileCatchFilter, errorValue, type CatchFilter } from './catch.ts';
import { compileRetryPolicy, decideRetry, type RetryPolicy } from './retry-policy.ts';
import type { CompileContext, Json, JsonObject, TaskModule, TaskProgress } from './types.ts';

interface Try {
  list: CompiledList;
  filter: CatchFilter;
  /** Name of the variable that holds the error. */
  as: string;
  retry: RetryPolicy | null;
  /** `catch.do`; empty when there is none. */
  handler: CompiledList;
  /** `catch.then` */
  next: Target | null;
  /** What is caught and not retried is handled. Only a policy alone gives it back. */
  handles: boolean;
}

/** The shape of the node's `body`, written only here. */
type TryState = {
  retries: number;
  /** Absent until the first attempt begins. */
  firstAttemptAtMs?: number;
  /** The list of the attempt that runs; once `caught` is there, that of `catch.do`. */
  list: ListProgress;
  /** When that attempt begins, if not yet. */
  untilMs?: number;
  /** When that attempt has taken too long. */
  limitMs?: number;
  caught?: DslError;
};

export const tryTask: TaskModule = {
  kind: 'try',
  matches: (node) => Object.hasOwn(node, 'try'),
  compile(node, context) {
    const compiled = compileTry(node, context);
    return {
      durable: true,
      run: (frame, input, node) => run(compiled, frame, input, node),
      inside(state) {
        const { list: node, caught } = state as TryState;
        const { list, handler } = compiled;
        return [
          caught === undefined ? { name: 'try', list, node } : { name: 'catch.do', list: handler, node },
        ];
      },
      forget({ body }) {
        if (body === undefined) return;
        const state = body as TryState;
        state.retries = 0;
        delete state.firstAttemptAtMs;
        delete state.limitMs;
      },
    };
  },
};

function compileTry(node: JsonObject, context: CompileContext): Try {
  const clause = node.catch ?? {};
  const named = member(clause, 'as');
  const as = typeof named === 'string' ? named : 'error';
  const retry = member(clause, 'retry');
  const policy = typeof retry === 'string' ? context.reusable('retries', retry) : retry;
  const handler = member(clause, 'do');
  const then = member(clause, 'then');
  return {
    list: context.list(node.try ?? null, 'try'),
    filter: compileCatchFilter(clause, context, as),
    as,
    retry: policy === undefined ? null : compileRetryPolicy(policy, context, as),
    handler: context.list(handler ?? [], 'catch/do', [as]),
    next: then === undefined ? null : context.target(then),
    handles: policy === undefined || handler !== undefined || then !== undefined,
  };
}

async function run(self: Try, frame: Frame, input: Json, node: TaskProgress): Promise<TaskResult> {
  node.body ??= { retries: 0, list: newList(self.list, input) } satisfies TryState;
  const state = node.body as TryState;
  while (state.caught === undefined) {
    try {
      return await attempt(self, frame, input, state);
    } catch (error) {
      if (!(error instanceof WorkflowError)) throw error;
      frame.run.renewBudget();
      takeUp(self, frame, input, state, error);
    }
  }
  const locals = { [self.as]: errorValue(state.caught) };
  const output = await runList(frame.run, self.handler, state.list, frame.inside({ locals }));
  return self.next === null ? output : new Flow(output, self.next);
}

/**
 * One attempt, within the time limits of the policy.
 * @throws {WorkflowError} of type timeout when one is met, which the catch may catch
 */
async function attempt(self: Try, frame: Frame, input: Json, state: TryState): Promise<Json> {
  if (state.untilMs !== undefined) {
    await frame.reach(state.untilMs);
    delete state.untilMs;
  }
  const { ports, run } = frame;
  state.firstAttemptAtMs ??= Math.ceil(ports.now());
  const limitMs = state.limitMs ?? limitOf(self, frame, input, state.firstAttemptAtMs);
  if (limitMs !== Infinity) state.limitMs = limitMs;
  const bounds = frame.bounds.inside(ports, limitMs);
  const place = frame.inside({ attempt: state.retries + 1, bounds });
  try {
    return await runList(run, self.list, state.list, place);
  } catch (error) {
    if (!bounds.ended(error)) throw error;
    throw frame.fail('timeout', 'The attempt took longer than the limits of the retry policy.');
  } finally {
    bounds.close();
  }
}

/** When an attempt that begins now has taken too long; Infinity without a limit. */
function limitOf(self: Try, frame: Frame, input: Json, firstAttemptAtMs: number): number {
  const { attemptDuration = null, duration = null } = self.retry ?? {};
  const ofAttempt = attemptDuration?.milliseconds(input, frame) ?? Infinity;
  const ofAll = duration?.milliseconds(input, frame) ?? Infinity;
  return Math.min(Math.ceil(frame.ports.now()) + ofAttempt, firstAttemptAtMs + ofAll);
}

/**
 * Puts another attempt, or the handling of the error, into the state.
 * @throws {WorkflowError} when the error goes on
 */
function takeUp(self: Try, frame: Frame, input: Json, state: TryState, error: WorkflowError): void {
  try {
    if (error.origin === 'limit') throw error;
    const value = errorValue(error.error);
    if (!catches(self.filter, value, { [self.as]: value }, frame)) throw error;
    if (!retry(self, frame, input, state, error)) {
      state.caught = error.error;
      state.list = newList(self.handler, input);
    }
  } catch (uncaught) {
    // The next attempt of the run counts from the start (contract, section 4).
    state.retries = 0;
    delete state.firstAttemptAtMs;
    delete state.limitMs;
    throw uncaught;
  }
  // The outcome of a call is recorded also when it is an error.
  if (error.origin === 'call') frame.record();
}

/**
 * Puts another attempt into the state. False when the error is to be handled instead.
 * @throws {WorkflowError} when the policy is exhausted and nothing handles the error
 */
function retry(self: Try, frame: Frame, input: Json, state: TryState, error: WorkflowError): boolean {
  if (self.retry === null) return false;
  const value = errorValue(error.error);
  const decision = decideRetry(
    self.retry,
    {
      error: value,
      input,
      locals: { [self.as]: value },
      retries: state.retries,
      firstAttemptAtMs: state.firstAttemptAtMs ?? frame.ports.now(),
    },
    frame,
  );
  if (decision.kind !== 'retry') {
    if (self.handles) return false;
    if (decision.kind === 'exhausted') throw error;
    throw frame.fail('timeout', `The retries took longer than \`limit.duration\`: ${error.message}`, {
      cause: error,
    });
  }
  state.retries += 1;
  delete state.limitMs;
  state.list = newList(self.list, input);
  const members = { attempt: state.retries + 1, error: error.error };
  if (decision.delayMs > 0) {
    frame.report('task_retried', { ...members, until: frame.ports.now() + decision.delayMs });
    state.untilMs = frame.startTimer(decision.delayMs);
  } else {
    frame.report('task_retried', members);
  }
  return true;
}
