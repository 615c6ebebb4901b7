/** `raise`, and errors as `raise` and `use.errors` define them. */
import { isStrictExpression } from '../../engine/expression.ts';
import type { Json } from '../../jq/index.ts';
import type { Context, TaskPlace } from './context.ts';
import { asObject, asText, at, checkMembers, get, kindOf } from './shape.ts';
import { didYouMean, listed, shown } from './text.ts';

export function checkRaise({ context, task, path, locals }: TaskPlace): void {
  const raisePath = at(path, 'raise');
  const raise = asObject(context.report, get(task, 'raise'), raisePath, '`raise`');
  if (raise === null) return;
  checkMembers(context.report, raise, raisePath, { of: '`raise`', known: ['error'], required: ['error'] });
  const error = get(raise, 'error');
  const errorPath = at(raisePath, 'error');
  if (typeof error === 'string') {
    checkReference(context, error, errorPath, 'errors', context.use.errors);
  } else if (error !== undefined) checkError(context, error, errorPath, locals);
}

/** The name of a component in `use`. */
export function checkReference(
  { report }: Context,
  name: string,
  path: string,
  section: 'errors' | 'retries',
  components: ReadonlyMap<string, Json>,
): void {
  if (components.has(name)) return;
  const near = report.full ? '' : didYouMean(name, components.keys());
  const known = components.size === 0 ? 'it is empty' : `it has ${listed(components.keys())}`;
  report.error(path, `there is no ${shown(name)} in \`use.${section}\`${near === '' ? `; ${known}` : near}`);
}

/** The definition of an error. */
export function checkError(context: Context, value: Json, path: string, locals: readonly string[]): void {
  const { report, expressions } = context;
  const error = asObject(report, value, path, 'an error');
  if (error === null) return;
  checkMembers(report, error, path, {
    of: 'an error',
    known: ['type', 'status', 'instance', 'title', 'detail'],
    required: ['type', 'status'],
    synonyms: { details: 'detail', message: 'detail', code: 'status' },
  });
  const status = get(error, 'status');
  if (status !== undefined && !Number.isSafeInteger(status)) {
    report.error(at(path, 'status'), `\`status\` must be a whole number such as 400; it ${kindOf(status)}`);
  }
  for (const key of ['type', 'instance', 'title', 'detail']) {
    const member = get(error, key);
    if (member === undefined) continue;
    const memberPath = at(path, key);
    const text = asText(report, member, memberPath, `\`${key}\``);
    if (text === null) continue;
    if (isStrictExpression(text)) expressions.expression(text, memberPath, 'definition', locals);
    else if (key === 'type') checkType(context, text, memberPath);
    else if (key === 'instance') checkInstance(context, text, memberPath);
    else expressions.template(text, memberPath, 'definition', locals);
  }
}

function checkType({ report }: Context, text: string, path: string): void {
  if (text !== '' && !/\s/.test(text)) return;
  report.error(path, `${shown(text)} is not a URI such as \`https://example.com/errors/out-of-stock\``);
}

function checkInstance({ report }: Context, text: string, path: string): void {
  if (/^(?:\/(?:[^~]|~[01])*)?$/.test(text)) return;
  report.error(path, `${shown(text)} is not a JSON pointer such as \`/do/0/myTask\` (RFC 6901)`);
}
