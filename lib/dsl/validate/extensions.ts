/** `use.extensions`: tasks that run before and after others. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { expressionIn } from './condition.ts';
import type { Context } from './context.ts';
import { memberChecks } from './members.ts';
import { asList, asObject, at, checkObject, kindOf } from './shape.ts';
import { listed } from './text.ts';

const EXTENDED = [
  'call',
  'composite',
  'emit',
  'for',
  'listen',
  'raise',
  'run',
  'set',
  'switch',
  'try',
  'wait',
  'all',
];
const HINTS = {
  do: 'write `composite`, which is `do` and `fork`',
  fork: 'write `composite`, which is `do` and `fork`',
};

export function checkExtensions(context: Context, value: Json, path: string): void {
  const { report } = context;
  for (const [index, item] of asList(report, value, path, '`use.extensions`').entries()) {
    const itemPath = at(path, index);
    if (!isJsonObject(item)) {
      report.shape(
        itemPath,
        `an item of \`use.extensions\` must be an object with one key, the extension's name; it ${kindOf(item)}`,
      );
      continue;
    }
    const names = Object.keys(item);
    if (names.length !== 1) {
      const has = names.length === 0 ? 'no key' : `${names.length} keys, ${listed(names)}`;
      report.shape(itemPath, `the item has ${has}; each item has exactly one, the extension's name`);
    }
    for (const [name, extension] of Object.entries(item)) {
      checkExtension(context, extension, at(itemPath, name));
    }
  }
}

function checkExtension(context: Context, value: Json, path: string): void {
  const { report } = context;
  const extension = asObject(report, value, path, 'an extension');
  if (extension === null) return;
  const list = (tasks: Json, listPath: string, name: string) =>
    context.taskList(tasks, { path: listPath, locals: [], name });
  checkObject(report, extension, path, {
    of: 'an extension',
    members: {
      extend: memberChecks(report).choice(EXTENDED, HINTS),
      when: expressionIn(context, 'task input', []),
      before: list,
      after: list,
    },
    required: ['extend'],
  });
}
