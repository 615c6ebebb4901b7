/** `call` of a function: one in `use.functions`; those that lie elsewhere are refused. */
import { isJsonObject } from '../../engine/json.ts';
import type { TaskPlace } from './context.ts';
import { at, get, kindOf } from './shape.ts';
import { didYouMean, listed, shown } from './text.ts';
import { NO_CATALOGS } from './unsupported.ts';

/** What `call` may be besides the name of a function. */
const CALLS = ['http', 'openapi', 'grpc', 'mcp', 'asyncapi', 'a2a'];

export function checkFunctionCall({ context, task, path, locals }: TaskPlace, call: string): void {
  const { report, expressions, use } = context;
  const withPath = at(path, 'with');
  const given = get(task, 'with');
  if (isJsonObject(given)) expressions.template(given, withPath, 'definition', locals);
  else if (given !== undefined) report.shape(withPath, `\`with\` must be an object; it ${kindOf(given)}`);
  if (use.functions.has(call)) return;
  const callPath = at(path, 'call');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(call)) report.refused(callPath, 'call: <URL>', NO_CATALOGS);
  else if (/^[^@]+:[^@]+@[^@]+$/.test(call))
    report.refused(callPath, 'call: <name>:<version>@<catalog>', NO_CATALOGS);
  else report.semantic(callPath, report.full ? '' : unknownFunction(call, [...use.functions.keys()]));
}

function unknownFunction(call: string, functions: readonly string[]): string {
  const https = call.toLowerCase() === 'https' ? '; did you mean `http`?' : '';
  const near = didYouMean(call, [...functions, ...CALLS]);
  const hint = https === '' ? near : https;
  const what = `there is no call ${shown(call)}, and no function of that name in \`use.functions\``;
  if (hint !== '') return what + hint;
  return `${what}; ${functions.length === 0 ? 'it is empty' : `it has ${listed(functions)}`}`;
}
