/** `call: mcp`. The language's schema leaves most of its objects open. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import { checkTexts } from './call-http.ts';
import type { TaskPlace } from './context.ts';
import { positiveDurationIn } from './duration.ts';
import { checkEndpoint } from './endpoint.ts';
import { memberChecks } from './members.ts';
import { asObject, at, checkObject, exactlyOne, kindOf, type MemberCheck } from './shape.ts';
import { NO_PROCESSES } from './unsupported.ts';

const METHODS = [
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/read',
  'resources/templates/list',
];

export function checkMcp(place: TaskPlace, value: JsonObject, path: string): void {
  const { context, locals } = place;
  const { text, choice } = memberChecks(context.report);
  checkObject(context.report, value, path, {
    of: '`call: mcp`',
    members: {
      protocolVersion: text,
      method: choice(METHODS),
      parameters: parametersOrExpressionIn(place),
      timeout: positiveDurationIn(context, locals),
      transport: transportIn(place),
      client: (client, clientPath, name) => {
        const object = asObject(context.report, client, clientPath, name);
        if (object === null) return;
        checkObject(context.report, object, clientPath, {
          of: name,
          members: { name: text, version: text },
          required: ['name', 'version'],
          open: true,
        });
      },
    },
    required: ['method', 'transport'],
    open: true,
  });
}

/** An object with expressions inside, or one expression. */
export const parametersOrExpressionIn =
  ({ context, locals }: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const { report, expressions } = context;
    if (typeof value === 'string') expressions.expression(value, path, 'definition', locals);
    else if (isJsonObject(value)) expressions.template(value, path, 'definition', locals);
    else report.shape(path, `${name} must be an object or an expression; it ${kindOf(value)}`);
  };

const transportIn =
  (place: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const { report } = place.context;
    const transport = asObject(report, value, path, name);
    if (transport === null) return;
    const { textMap } = memberChecks(report);
    checkObject(report, transport, path, {
      of: name,
      members: { http: httpIn(place), stdio: stdioIn(place), options: textMap },
      open: true,
    });
    exactlyOne(report, transport, path, name, ['http', 'stdio']);
    if (Object.hasOwn(transport, 'stdio')) {
      report.refused(at(path, 'stdio'), 'call: mcp over stdio', NO_PROCESSES);
    }
  };

const httpIn =
  (place: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const { context, locals } = place;
    const http = asObject(context.report, value, path, name);
    if (http === null) return;
    checkObject(context.report, http, path, {
      of: name,
      members: {
        endpoint: (endpoint, endpointPath) =>
          checkEndpoint(context, endpoint, endpointPath, { stage: 'definition', locals }),
        headers(headers, headersPath, headersName) {
          const map = asObject(context.report, headers, headersPath, headersName);
          if (map !== null) checkTexts(place, map, headersPath, true);
        },
      },
      required: ['endpoint'],
      synonyms: { url: 'endpoint', uri: 'endpoint' },
      open: true,
    });
  };

const stdioIn =
  ({ context: { report } }: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const stdio = asObject(report, value, path, name);
    if (stdio === null) return;
    const { text, texts, textMap } = memberChecks(report);
    checkObject(report, stdio, path, {
      of: name,
      members: { command: text, arguments: texts, environment: textMap },
      required: ['command'],
      open: true,
    });
  };
