/** `call: openapi` */
import type { JsonObject } from '../../engine/json.ts';
import { checkAuthentication } from './authentication.ts';
import { HTTP_OUTPUTS, parametersIn } from './call-http.ts';
import type { TaskPlace } from './context.ts';
import { memberChecks } from './members.ts';
import { checkResource } from './resource.ts';
import { checkObject } from './shape.ts';

export function checkOpenApi(place: TaskPlace, value: JsonObject, path: string): void {
  const { context, locals } = place;
  const { text, choice, boolean } = memberChecks(context.report);
  checkObject(context.report, value, path, {
    of: '`call: openapi`',
    members: {
      document: (document, documentPath, name) => checkResource(context, document, documentPath, name),
      operationId: text,
      parameters: parametersIn(place),
      authentication: (policy, policyPath) =>
        checkAuthentication(context, policy, policyPath, { stage: 'definition', locals }),
      output: choice(HTTP_OUTPUTS),
      redirect: boolean,
    },
    required: ['document', 'operationId'],
    synonyms: { operation: 'operationId', params: 'parameters' },
  });
}
