/** `for`: a collection, the names of its variables, a condition and a body. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { TaskPlace } from './context.ts';
import { checkLocalName } from './local-name.ts';
import { asObject, at, checkMembers, get, kindOf } from './shape.ts';

export function checkFor({ context, task, path, locals }: TaskPlace): void {
  const { report, expressions } = context;
  const forPath = at(path, 'for');
  let inner = locals;
  const loop = asObject(report, get(task, 'for'), forPath, '`for`');
  if (loop !== null) {
    checkMembers(report, loop, forPath, { of: '`for`', known: ['each', 'in', 'at'], required: ['in'] });
    const each = checkLocalName(report, get(loop, 'each'), at(forPath, 'each'), '`each`', 'item');
    const index = checkLocalName(report, get(loop, 'at'), at(forPath, 'at'), '`at`', 'index');
    if (each === index)
      report.error(at(forPath, 'at'), `\`each\` and \`at\` both name the variable \`${each}\``);
    inner = [...new Set([...locals, each, index])];
    const collection = get(loop, 'in');
    if (collection !== undefined) checkCollection({ context, locals }, collection, at(forPath, 'in'));
  }
  const condition = get(task, 'while');
  if (typeof condition === 'string') {
    expressions.expression(condition, at(path, 'while'), 'definition', inner);
  } else if (condition !== undefined) {
    report.error(at(path, 'while'), `\`while\` must be an expression in a text; it ${kindOf(condition)}`);
  }
  if (Object.hasOwn(task, 'do')) context.taskList(get(task, 'do'), at(path, 'do'), inner, '`do`');
  else report.error(path, 'missing `do`; a `for` task needs `for` and `do`');
}

function checkCollection(
  { context, locals }: Pick<TaskPlace, 'context' | 'locals'>,
  value: Json,
  path: string,
): void {
  const { report, expressions } = context;
  if (typeof value === 'string') {
    expressions.expression(value, path, 'definition', locals);
    return;
  }
  if (!Array.isArray(value)) {
    report.error(path, `\`in\` must be an expression or a list of objects; it ${kindOf(value)}`);
    return;
  }
  for (const [index, item] of value.entries()) {
    if (isJsonObject(item)) continue;
    report.error(
      at(path, index),
      `an item of a list in \`in\` must be an object; it ${kindOf(item)}: for other items write an expression, \`\${ [1, 2, 3] }\``,
    );
  }
  expressions.template(value, path, 'definition', locals);
}
