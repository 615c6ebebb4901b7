/** `call: a2a`, which is refused; its shape is checked all the same. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import { parametersOrExpressionIn } from './call-mcp.ts';
import type { TaskPlace } from './context.ts';
import { checkEndpoint } from './endpoint.ts';
import { memberChecks } from './members.ts';
import { checkResource } from './resource.ts';
import { at, checkObject } from './shape.ts';
import { NO_A2A } from './unsupported.ts';

const METHODS = [
  'message/send',
  'message/stream',
  'tasks/get',
  'tasks/list',
  'tasks/cancel',
  'tasks/resubscribe',
  'tasks/pushNotificationConfig/set',
  'tasks/pushNotificationConfig/get',
  'tasks/pushNotificationConfig/list',
  'tasks/pushNotificationConfig/delete',
  'agent/getAuthenticatedExtendedCard',
];

export function checkA2a(place: TaskPlace, value: JsonObject, path: string): void {
  const { context, locals } = place;
  const { report } = context;
  checkObject(report, value, path, {
    of: '`call: a2a`',
    members: {
      agentCard: (card, cardPath, name) => checkResource(context, card, cardPath, name),
      server: (server, serverPath) =>
        checkEndpoint(context, server, serverPath, { stage: 'definition', locals }),
      method: memberChecks(report).choice(METHODS),
      parameters(parameters, parametersPath, name) {
        if (isJsonObject(parameters) && Object.keys(parameters).length === 0) {
          report.shape(
            parametersPath,
            `${name} must have at least one member; leave it out when there is none`,
          );
        } else parametersOrExpressionIn(place)(parameters, parametersPath, name);
      },
    },
    required: ['method'],
  });
  report.refused(at(place.path, 'call'), 'call: a2a', NO_A2A);
}
