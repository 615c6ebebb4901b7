/** `call: http` (other calls are not supported yet). */
import { isStrictExpression } from '../../engine/expression.ts';
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { TaskPlace } from './context.ts';
import { checkEndpoint } from './endpoint.ts';
import { asText, at, checkMembers, get, kindOf } from './shape.ts';
import { listed, shown } from './text.ts';
import { unsupportedCall } from './unsupported.ts';

const HTTP = {
  of: '`call: http`',
  known: ['method', 'endpoint', 'headers', 'query', 'body', 'output', 'redirect'],
  required: ['method', 'endpoint'],
  synonyms: {
    url: 'endpoint',
    uri: 'endpoint',
    data: 'body',
    verb: 'method',
    params: 'query',
    followRedirects: 'redirect',
  },
} as const;
const OUTPUTS = ['raw', 'content', 'response'];

/** RFC 9110, section 5.6.2: token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function checkCall(place: TaskPlace): void {
  const { context, task, path } = place;
  const { report } = context;
  const call = asText(report, get(task, 'call'), at(path, 'call'), '`call`');
  if (call === null) return;
  if (call !== 'http') {
    unsupportedCall(report, call, task, path);
    return;
  }
  const value = get(task, 'with');
  const withPath = at(path, 'with');
  if (value === undefined) {
    report.error(path, 'missing `with`; `call: http` needs `with` with `method` and `endpoint`');
  } else if (!isJsonObject(value)) {
    report.error(
      withPath,
      `\`with\` must be an object with \`method\` and \`endpoint\`; it ${kindOf(value)}`,
    );
  } else checkHttp(place, value, withPath);
}

function checkHttp(place: TaskPlace, value: JsonObject, path: string): void {
  const { report, expressions } = place.context;
  checkMembers(report, value, path, HTTP);
  const method = get(value, 'method');
  if (method !== undefined) checkMethod(place, method, at(path, 'method'));
  const endpoint = get(value, 'endpoint');
  if (endpoint !== undefined) checkEndpoint(place.context, endpoint, at(path, 'endpoint'), place.locals);
  for (const key of ['headers', 'query']) {
    const map = get(value, key);
    if (map !== undefined) checkTextMap(place, map, at(path, key), key);
  }
  const body = get(value, 'body');
  if (body !== undefined) expressions.template(body, at(path, 'body'), 'definition', place.locals);
  const output = get(value, 'output');
  if (output !== undefined && (typeof output !== 'string' || !OUTPUTS.includes(output))) {
    report.error(
      at(path, 'output'),
      `\`output\` must be ${listed(OUTPUTS, 'or')}; it is ${shown(JSON.stringify(output))}`,
    );
  }
  const redirect = get(value, 'redirect');
  if (redirect !== undefined && typeof redirect !== 'boolean') {
    report.error(at(path, 'redirect'), `\`redirect\` must be true or false; it ${kindOf(redirect)}`);
  }
}

function checkMethod({ context, locals }: TaskPlace, value: Json, path: string): void {
  const method = asText(context.report, value, path, '`method`');
  if (method === null) return;
  if (isStrictExpression(method)) context.expressions.expression(method, path, 'definition', locals);
  else if (!TOKEN.test(method)) {
    context.report.error(path, `${shown(method)} is not an HTTP method such as \`get\` or \`post\``);
  }
}

/** Headers and query parameters: texts by name, or one expression that gives them. */
function checkTextMap({ context, locals }: TaskPlace, value: Json, path: string, name: string): void {
  const { report, expressions } = context;
  if (typeof value === 'string' && isStrictExpression(value)) {
    expressions.expression(value, path, 'definition', locals);
    return;
  }
  if (!isJsonObject(value)) {
    report.error(
      path,
      `\`${name}\` must be an object of texts, or an expression in \`\${ }\`; it ${kindOf(value)}`,
    );
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    const itemPath = at(path, key);
    if (name === 'headers' && !TOKEN.test(key)) {
      report.error(itemPath, `${shown(key)} is not a header name (RFC 9110)`);
    }
    const text = asText(report, item, itemPath, shown(key));
    if (text !== null) expressions.template(text, itemPath, 'definition', locals);
  }
}
