/**
 * What every call over HTTP shares: one request with its credentials, its time limit, and the language's errors for
 * what goes wrong.
 */
import { WorkflowError } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import type { HttpRequest, HttpResponse } from '../engine/types.ts';
import type { Authentication, Caller } from './authentication/types.ts';
import { withDeadline } from './call-http-deadline.ts';
import { badStatus, failedCall, timedOut } from './call-http-errors.ts';
import type { Json } from './types.ts';

/**
 * Sends a request and reads the whole answer, whatever its status. The time limit of the call
 * (WORKFLOW_CALL_TIMEOUT_MS) covers tokens and challenges too.
 * @param signal that of `frame.effect`
 * @param authentication null for none
 * @param input the task's transformed input, on which credentials are evaluated
 * @throws {WorkflowError} when there is no answer; once `signal` aborts, whatever is thrown is an interruption
 */
export async function exchange(
  frame: Frame,
  request: HttpRequest,
  signal: AbortSignal,
  authentication: Authentication | null,
  input: Json,
): Promise<HttpResponse> {
  const timeoutMs = frame.run.limits.callTimeoutMs;
  return withDeadline(signal, timeoutMs, async (bounded) => {
    const send = (sent: HttpRequest): Promise<HttpResponse> => frame.ports.http(sent, bounded);
    try {
      if (authentication === null) return await send(request);
      return await authentication.send(callerOf(frame, input), request, bounded, send);
    } catch (error) {
      if (bounded.aborted) throw timedOut(frame, request, timeoutMs, error);
      throw failedCall(frame, request, error);
    }
  });
}

/**
 * Takes an answer for a success: 2xx, with `redirect: true` also 3xx that could not be followed, 304 for example.
 * @throws {WorkflowError} of type authentication (401), authorization (403) or communication with the status
 */
export function checkStatus(frame: Frame, request: HttpRequest, response: HttpResponse): void {
  const limit = request.followRedirects ? 400 : 300;
  if (response.status < 200 || response.status >= limit) throw badStatus(frame, request, response.status);
}

/** What authentication may ask of a task. Credentials that are sent become the task's `$authorization`. */
export function callerOf(frame: Frame, input: Json): Caller {
  return {
    evaluate: (what) => frame.evaluate(what, input),
    secret: (name) => secretOf(frame, name),
    http: (request, signal) => frame.ports.http(request, signal),
    tokens: frame.ports.tokens,
    nowMs: () => frame.nowMs(),
    fail: (name, detail, members) => frame.fail(name, detail, members),
    authorized: ({ scheme, parameter }) => {
      if (parameter !== '') frame.ports.conceal(parameter);
      frame.authorization = { scheme, parameter };
    },
  };
}

function secretOf(frame: Frame, name: string): Json {
  const { values } = frame.run.facts.secrets;
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw frame.fail('authorization', `The org has no secret "${name}".`);
  return value;
}

/**
 * Sets `$authorization` for a task whose result was recorded by an earlier attempt: credentials are never persisted,
 * so they are those that the task would send now.
 * @throws {WorkflowError} with the origin `call` when no token can be had
 */
export async function restoreAuthorization(
  frame: Frame,
  authentication: Authentication,
  input: Json,
): Promise<void> {
  const caller = callerOf(frame, input);
  if (authentication.scheme === 'Digest') return caller.authorized({ scheme: 'Digest', parameter: '' });
  const { run, bounds } = frame;
  const timeoutMs = run.limits.callTimeoutMs;
  try {
    const deriving = withDeadline(bounds.signal, timeoutMs, async (bounded) => {
      try {
        await authentication.credentials(caller, bounded);
      } catch (error) {
        if (!bounded.aborted) throw error;
        throw frame.fail('timeout', `No credentials within ${timeoutMs} ms.`, { cause: error });
      }
    });
    await run.interruptible(deriving, bounds);
    run.wake();
  } catch (error) {
    if (!(error instanceof WorkflowError) || error.origin === 'call') throw error;
    throw new WorkflowError(error.error, 'call', { cause: error });
  }
}
