/** A list of tasks: one name per item, each name once, and the tasks themselves. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { Context, ListPlace } from './context.ts';
import { at, kindOf } from './shape.ts';
import { checkTask, taskTypes } from './task.ts';
import { listed, shown } from './text.ts';

const MAX_NAME_LENGTH = 255;
/** A branch is a list of its own, and no task can lead to itself alone. */
const NONE: ReadonlySet<string> = new Set();
const DIRECTIVES = ['continue', 'exit', 'end'];

export function checkTaskList(context: Context, value: Json | undefined, where: ListPlace): void {
  const { path, locals, name, branches } = where;
  if (!Array.isArray(value)) {
    const hint = isJsonObject(value) ? ': write each task as an item, `- myTask: { … }`' : '';
    context.report.shape(path, `${name} must be a list of tasks; it ${kindOf(value)}${hint}`);
    return;
  }
  const places = namePlaces(value);
  const siblings = new Set(places.keys());
  for (const [index, item] of value.entries()) {
    const itemPath = at(path, index);
    if (!isJsonObject(item)) {
      context.report.shape(
        itemPath,
        `a task item must be an object with one key, the task's name; it ${kindOf(item)}`,
      );
      continue;
    }
    if (!checkItem(context, item, itemPath)) continue;
    for (const [taskName, task] of Object.entries(item)) {
      const taskPath = at(itemPath, taskName);
      checkName(context, taskName, taskPath, path, places.get(taskName), index);
      checkTask(
        { context, path: taskPath, locals, siblings: branches === true ? NONE : siblings },
        task,
        taskName,
      );
    }
  }
}

/** The first index of every name in the list. */
function namePlaces(list: readonly Json[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    if (!isJsonObject(item)) continue;
    for (const name of Object.keys(item)) if (!places.has(name)) places.set(name, index);
  }
  return places;
}

/** @returns whether the item's keys can be taken for names of tasks */
function checkItem({ report }: Context, item: JsonObject, path: string): boolean {
  const keys = Object.keys(item);
  if (keys.length === 1) return true;
  const [type] = taskTypes(item);
  const has = keys.length === 0 ? 'no key' : `${keys.length} keys, ${listed(keys)}`;
  const hint = type === undefined ? '' : `: \`- myTask: { ${type}: … }\``;
  report.shape(path, `the task item has ${has}; each item has exactly one, the task's name${hint}`);
  return type === undefined;
}

function checkName(
  { report }: Context,
  name: string,
  path: string,
  listPath: string,
  first: number | undefined,
  index: number,
): void {
  if (first !== undefined && first !== index) {
    report.semantic(
      path,
      `the task name ${shown(name)} is taken by ${shown(at(listPath, first))}; names are unique in a list`,
    );
  }
  if (name.trim() === '') report.semantic(path, 'a task name must not be empty');
  if (name.length > MAX_NAME_LENGTH) {
    report.semantic(
      path,
      `a task name has at most ${MAX_NAME_LENGTH} characters; this one has ${name.length}`,
    );
  }
  if (/[\0\p{Surrogate}]/u.test(name)) {
    report.semantic(path, 'a task name must not contain U+0000 or a lone surrogate');
  }
  if (DIRECTIVES.includes(name)) {
    report.warn(path, `no \`then\` can lead to a task named ${shown(name)}: it means the flow directive`);
  }
}
