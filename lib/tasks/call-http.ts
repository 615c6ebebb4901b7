/**
 * `call: http`: one request through the egress guard (dsl-reference, HTTP Call). Its answer is recorded once; a
 * request whose answer was lost in a crash is sent again with the same idempotency key.
 */
import { member } from '../engine/json.ts';
import { compileAuthentication } from './authentication/index.ts';
import { callBody } from './call-body.ts';
import { buildRequest, compileArguments } from './call-http-request.ts';
import { outputOf } from './call-http-response.ts';
import { checkStatus, exchange } from './exchange.ts';
import type { TaskModule } from './types.ts';

export const callHttpTask: TaskModule = {
  kind: 'call-http',
  matches: (node) => node['call'] === 'http',
  compile(node, context) {
    const compiled = compileArguments(node, context);
    const policy = member(member(node['with'], 'endpoint'), 'authentication');
    const authentication = policy === undefined ? null : compileAuthentication(policy, context);
    return callBody(node, authentication, async (frame, input, signal) => {
      const request = buildRequest(compiled, frame, input);
      const response = await exchange(frame, request, signal, authentication, input);
      checkStatus(frame, request, response);
      return outputOf(frame, request, response, compiled.output);
    });
  },
};
