/** The language's errors for what can go wrong with a call. Texts name method and host, never path, query or body. */
import type { WorkflowError } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import { HttpFailure, type HttpRequest } from '../engine/types.ts';

/** An answer outside the statuses that count as success (dsl-reference, Standard Error Types). */
export function badStatus(frame: Frame, request: HttpRequest, status: number): WorkflowError {
  const name = status === 401 ? 'authentication' : status === 403 ? 'authorization' : 'communication';
  const title = `${callOf(request)} answered ${status}`;
  const wanted = request.followRedirects ? '2xx or 3xx' : '2xx';
  return frame.fail(name, `${title}, and ${wanted} was expected.`, { status, title });
}

/** The call's own time limit was reached. */
export function timedOut(
  frame: Frame,
  request: HttpRequest,
  timeoutMs: number,
  cause: unknown,
): WorkflowError {
  return frame.fail('timeout', `${callOf(request)} gave no answer within ${timeoutMs} ms.`, { cause });
}

/**
 * Why there is no answer. What the guard refuses is an authorization error: this deployment forbids it and no new
 * attempt helps. Anything that is not an `HttpFailure` is a bug and goes on as it is.
 */
export function failedCall(frame: Frame, request: HttpRequest, error: unknown): unknown {
  if (!(error instanceof HttpFailure)) return error;
  const detail = `${callOf(request)} failed: ${error.message}.`;
  switch (error.kind) {
    case 'refused':
      return frame.fail('authorization', detail, { cause: error });
    case 'network':
      return frame.fail('communication', detail, { cause: error });
    case 'timeout':
      return frame.fail('timeout', detail, { cause: error });
    case 'too_large':
      return frame.fail('runtime', detail, { cause: error });
    case 'invalid':
      return frame.fail('expression', detail, { cause: error });
  }
}

/**
 * Content that is not what its media type says. Status 422: understood and not usable; unlike 5xx it does not ask
 * for another attempt, since a broken answer that came completely would come again.
 */
export function badContent(frame: Frame, request: HttpRequest, problem: string): WorkflowError {
  const detail = `The JSON answer of ${callOf(request)} cannot be read: ${problem}.`;
  return frame.fail('communication', detail, { status: 422 });
}

/** `GET api.example.org:8080` */
function callOf(request: HttpRequest): string {
  const { host, protocol } = new URL(request.url);
  return `${request.method} ${host === '' ? protocol : host}`;
}
