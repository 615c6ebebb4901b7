/** `call: http`, and what other calls over HTTP have in common with it. */
import { isStrictExpression } from '../../engine/expression.ts';
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { templateIn } from './condition.ts';
import type { TaskPlace } from './context.ts';
import { checkEndpoint } from './endpoint.ts';
import { isExpression, lineBreakHint } from './formats.ts';
import { memberChecks } from './members.ts';
import { asText, at, checkObject, kindOf, type MemberCheck } from './shape.ts';
import { shown } from './text.ts';

/** The forms that an answer is given in. */
export const HTTP_OUTPUTS = ['raw', 'content', 'response'];

/** RFC 9110, section 5.6.2: token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function checkHttp(place: TaskPlace, value: JsonObject, path: string): void {
  const { context, locals } = place;
  const { choice, boolean } = memberChecks(context.report);
  checkObject(context.report, value, path, {
    of: '`call: http`',
    members: {
      method: methodIn(place),
      endpoint: (endpoint, endpointPath) =>
        checkEndpoint(context, endpoint, endpointPath, { stage: 'definition', locals }),
      headers: textMapIn(place),
      query: textMapIn(place),
      body: templateIn(context, 'definition', locals),
      output: choice(HTTP_OUTPUTS),
      redirect: boolean,
    },
    required: ['method', 'endpoint'],
    synonyms: {
      url: 'endpoint',
      uri: 'endpoint',
      data: 'body',
      verb: 'method',
      params: 'query',
      followRedirects: 'redirect',
    },
  });
}

const methodIn =
  ({ context, locals }: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const method = asText(context.report, value, path, name);
    if (method === null) return;
    if (isStrictExpression(method)) context.expressions.expression(method, path, 'definition', locals);
    else if (!TOKEN.test(method)) {
      context.report.semantic(path, `${shown(method)} is not an HTTP method such as \`get\` or \`post\``);
    }
  };

/** Headers and query parameters: texts by name, or one expression that gives them. */
const textMapIn =
  (place: TaskPlace): MemberCheck =>
  (value, path, name) => {
    const { report, expressions } = place.context;
    if (typeof value === 'string' && isExpression(value)) {
      expressions.expression(value, path, 'definition', place.locals);
    } else if (isJsonObject(value)) {
      checkTexts(place, value, path, name === '`headers`');
    } else {
      const hint = typeof value === 'string' ? lineBreakHint(value) : '';
      const expected = `${name} must be an object of texts, or an expression in \`\${ }\`; it ${kindOf(value)}`;
      report.shape(path, hint === '' ? expected : hint);
    }
  };

/** Texts by name, each a template; the names of headers are tokens. */
export function checkTexts(place: TaskPlace, map: JsonObject, path: string, areHeaders: boolean): void {
  const { report, expressions } = place.context;
  for (const [key, item] of Object.entries(map)) {
    const itemPath = at(path, key);
    if (areHeaders && !TOKEN.test(key)) {
      report.semantic(itemPath, `${shown(key)} is not a header name (RFC 9110)`);
    }
    const text = asText(report, item, itemPath, shown(key));
    if (text !== null) expressions.template(text, itemPath, 'definition', place.locals);
  }
}

/** Parameters of a call: an object with expressions inside. */
export const parametersIn =
  ({ context, locals }: TaskPlace): MemberCheck =>
  (value: Json, path, name) => {
    if (isJsonObject(value)) context.expressions.template(value, path, 'definition', locals);
    else context.report.shape(path, `${name} must be an object; it ${kindOf(value)}`);
  };
