/** Endpoints: a URI template, an expression, or `{ uri }` with either. */
import { isStrictExpression } from '../../engine/expression.ts';
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { parseUriTemplate } from '../../tasks/uri-template.ts';
import type { Context } from './context.ts';
import { embeddedRewrite } from './literals.ts';
import { at, checkMembers, get, kindOf } from './shape.ts';
import { shown } from './text.ts';
import { refuseFileScheme, unsupportedAuthentication } from './unsupported.ts';

export function checkEndpoint(context: Context, value: Json, path: string, locals: readonly string[]): void {
  if (typeof value === 'string') {
    checkUri(context, value, path, locals);
    return;
  }
  const { report } = context;
  if (!isJsonObject(value)) {
    report.error(path, `\`endpoint\` must be a URL, or an object with \`uri\`; it ${kindOf(value)}`);
    return;
  }
  checkMembers(report, value, path, {
    of: '`endpoint`',
    known: ['uri', 'authentication'],
    required: ['uri'],
    synonyms: { url: 'uri' },
  });
  const authentication = get(value, 'authentication');
  if (authentication !== undefined) {
    unsupportedAuthentication(report, authentication, at(path, 'authentication'));
  }
  const uri = get(value, 'uri');
  if (typeof uri === 'string') checkUri(context, uri, at(path, 'uri'), locals);
  else if (uri !== undefined) report.error(at(path, 'uri'), `\`uri\` must be a text; it ${kindOf(uri)}`);
}

function checkUri(context: Context, text: string, path: string, locals: readonly string[]): void {
  const { report, expressions } = context;
  if (isStrictExpression(text)) {
    expressions.expression(text, path, 'definition', locals);
    return;
  }
  const rewrite = embeddedRewrite(text);
  if (rewrite !== null) {
    report.error(
      path,
      `a URL takes \`{name}\` from the input; for anything else make it one expression: ${rewrite}`,
    );
    return;
  }
  if (refuseFileScheme(report, text, path)) return;
  if (/\s/.test(text)) {
    report.error(path, `${shown(text)} is not a URL: it has a space in it`);
    return;
  }
  const template = parseUriTemplate(text);
  if (!template.ok) report.error(path, `${shown(text)} is not a URI template: ${template.problem}`);
  // A template may begin with a variable that holds the scheme and host.
  else if (!text.startsWith('{') && !/^https?:\/\/[^/?#]/i.test(text)) {
    report.error(path, `${shown(text)} is not an absolute URL; write \`https://…\` or \`http://…\``);
  }
}
