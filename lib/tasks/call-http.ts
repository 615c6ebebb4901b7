/**
 * `call: http`: one request through the egress guard (dsl-reference, HTTP Call). Its answer is recorded once; a
 * request whose answer was lost in a crash is sent again with the same idempotency key.
 */
import type { Frame } from '../engine/frame.ts';
import type { HttpRequest, HttpResponse } from '../engine/types.ts';
import { withDeadline } from './call-http-deadline.ts';
import { badStatus, failedCall, timedOut } from './call-http-errors.ts';
import { buildRequest, compileArguments } from './call-http-request.ts';
import { type OutputForm, outputOf } from './call-http-response.ts';
import type { Json, TaskModule } from './types.ts';

export const callHttpTask: TaskModule = {
  kind: 'call-http',
  matches: (node) => node['call'] === 'http',
  compile(node, context) {
    const compiled = compileArguments(node, context);
    return {
      durable: true,
      run(frame, input, node) {
        return frame.effect(node, async (signal) => {
          const request = buildRequest(compiled, frame, input);
          return answerOf(frame, request, await send(frame, request, signal), compiled.output);
        });
      },
    };
  },
};

/** @throws {WorkflowError} when there is no answer; once `signal` aborts, whatever is thrown is an interruption */
async function send(frame: Frame, request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const timeoutMs = frame.run.limits.callTimeoutMs;
  return withDeadline(signal, timeoutMs, async (bounded) => {
    try {
      return await frame.ports.http(request, bounded);
    } catch (error) {
      if (bounded.aborted) throw timedOut(frame, request, timeoutMs, error);
      throw failedCall(frame, request, error);
    }
  });
}

/** `redirect: true` takes 3xx as a result too: one that could not be followed, 304 for example. */
function answerOf(frame: Frame, request: HttpRequest, response: HttpResponse, output: OutputForm): Json {
  const limit = request.followRedirects ? 400 : 300;
  if (response.status < 200 || response.status >= limit) throw badStatus(frame, request, response.status);
  return outputOf(frame, request, response, output);
}
