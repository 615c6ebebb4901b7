/** `for`: a collection, the names of its variables, a condition and a body. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { expressionIn } from './condition.ts';
import type { TaskPlace } from './context.ts';
import { checkLocalName } from './local-name.ts';
import { asObject, at, checkObject, get, kindOf } from './shape.ts';

export function checkFor({ context, task, path, locals }: TaskPlace): void {
  const { report } = context;
  const forPath = at(path, 'for');
  let inner = locals;
  const loop = asObject(report, get(task, 'for'), forPath, '`for`');
  if (loop !== null) {
    const each = checkLocalName(report, get(loop, 'each'), at(forPath, 'each'), '`each`', 'item');
    const index = checkLocalName(report, get(loop, 'at'), at(forPath, 'at'), '`at`', 'index');
    if (each === index)
      report.semantic(at(forPath, 'at'), `\`each\` and \`at\` both name the variable \`${each}\``);
    inner = [...new Set([...locals, each, index])];
    checkObject(report, loop, forPath, {
      of: '`for`',
      members: {
        each: null,
        in: (collection, inPath) => checkCollection({ context, locals }, collection, inPath),
        at: null,
      },
      required: ['in'],
    });
  }
  const condition = get(task, 'while');
  if (condition !== undefined) {
    expressionIn(context, 'definition', inner)(condition, at(path, 'while'), '`while`');
  }
  if (!Object.hasOwn(task, 'do')) report.shape(path, 'missing `do`; a `for` task needs `for` and `do`');
  else context.taskList(get(task, 'do'), { path: at(path, 'do'), locals: inner, name: '`do`' });
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
    report.shape(path, `\`in\` must be an expression or a list of objects; it ${kindOf(value)}`);
    return;
  }
  for (const [index, item] of value.entries()) {
    if (isJsonObject(item)) continue;
    report.shape(
      at(path, index),
      `an item of a list in \`in\` must be an object; it ${kindOf(item)}: for other items write an expression, \`\${ [1, 2, 3] }\``,
    );
  }
  expressions.template(value, path, 'definition', locals);
}
