/**
 * `call: openapi`: one operation of a service that an OpenAPI document describes (dsl-reference, OpenAPI Call). The
 * document was read when the version was published; what is left of it is a request like that of `call: http`.
 * Its `securitySchemes` are not applied: credentials are those of `authentication`.
 */
import { member } from '../engine/json.ts';
import { compileAuthentication } from './authentication/index.ts';
import { callBody } from './call-body.ts';
import { checkStatus, exchange } from './exchange.ts';
import { outputOf } from './call-http-response.ts';
import { readOperation } from './openapi/operation.ts';
import { operationRequest } from './openapi/request.ts';
import type { Json, TaskModule } from './types.ts';

export const callOpenapiTask: TaskModule = {
  kind: 'call-openapi',
  matches: (node) => node['call'] === 'openapi',
  compile(node, context) {
    const given = (name: string): Json | undefined => member(node['with'], name);
    const kept = context.resource('with/document');
    const operation = kept === null ? null : readOperation(kept);
    const parameters = context.template(given('parameters') ?? {});
    const policy = given('authentication');
    const authentication = policy === undefined ? null : compileAuthentication(policy, context);
    const output = given('output');
    const form = output === 'raw' || output === 'response' ? output : 'content';
    const redirect = given('redirect') === true;
    return callBody(node, authentication, async (frame, input, signal) => {
      if (operation === null) {
        const detail = 'The version keeps no OpenAPI document for this call; publish it again.';
        throw frame.fail('configuration', detail);
      }
      const request = operationRequest(operation, frame, frame.evaluate(parameters, input), redirect);
      const response = await exchange(frame, request, signal, authentication, input);
      checkStatus(frame, request, response);
      return outputOf(frame, request, response, form);
    });
  },
};
