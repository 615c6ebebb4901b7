/** One task: its type, what every type shares, and then the type's own members. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { checkCall } from './call.ts';
import type { TaskPlace } from './context.ts';
import { checkFor } from './for.ts';
import { checkRaise } from './raise.ts';
import { asObject, at, checkMembers, get, kindOf } from './shape.ts';
import { checkDo, checkSet, checkWait } from './simple-tasks.ts';
import { checkSwitch } from './switch.ts';
import { didYouMean, listed, shown } from './text.ts';
import { checkThen } from './then.ts';
import { checkTry } from './try.ts';
import { checkTransform } from './transform.ts';
import { checkRun, unsupportedTask } from './unsupported.ts';

/** A type's keyword, the members beside it, and its check. */
const TYPES: Record<string, { beside: readonly string[]; check: (place: TaskPlace) => void }> = {
  call: { beside: ['with'], check: checkCall },
  do: { beside: [], check: checkDo },
  emit: { beside: [], check: (place) => unsupportedTask(place, 'emit') },
  for: { beside: ['while', 'do'], check: checkFor },
  fork: { beside: [], check: (place) => unsupportedTask(place, 'fork') },
  listen: { beside: ['foreach'], check: (place) => unsupportedTask(place, 'listen') },
  raise: { beside: [], check: checkRaise },
  run: { beside: [], check: checkRun },
  set: { beside: [], check: checkSet },
  switch: { beside: [], check: checkSwitch },
  try: { beside: ['catch'], check: checkTry },
  wait: { beside: [], check: checkWait },
};
const KEYWORDS = Object.keys(TYPES);
/** Members that stand beside the keyword of one type only. */
const COMPANIONS = { with: 'call', catch: 'try', while: 'for', foreach: 'listen' };
const BASE = ['if', 'input', 'output', 'export', 'timeout', 'then', 'metadata'];

/** The task types whose keywords an object has; `do` beside `for` belongs to it. */
export function taskTypes(task: JsonObject): string[] {
  const types = KEYWORDS.filter((keyword) => Object.hasOwn(task, keyword));
  return types.includes('for') ? types.filter((type) => type !== 'do') : types;
}

export function checkTask(where: Omit<TaskPlace, 'task'>, value: Json, name: string): void {
  const { report } = where.context;
  if (!isJsonObject(value)) {
    const hint = KEYWORDS.includes(name) ? `; does the task lack a name? \`- myTask: { ${name}: … }\`` : '';
    report.error(where.path, `a task must be an object; it ${kindOf(value)}${hint}`);
    return;
  }
  const place: TaskPlace = { ...where, task: value };
  const types = taskTypes(value);
  const [type] = types;
  const entry = type === undefined ? undefined : TYPES[type];
  if (type !== undefined && entry !== undefined && types.length === 1) {
    checkMembers(report, value, where.path, {
      of: type === 'call' ? 'a `call` task' : `a ${shown(type)} task`,
      known: [type, ...entry.beside, ...BASE],
    });
    checkBase(place);
    entry.check(place);
    return;
  }
  if (types.length > 1) {
    report.error(where.path, `a task has exactly one type; this one has ${types.length}: ${listed(types)}`);
  } else report.error(where.path, noType(value, name));
  checkBase(place);
}

function noType(task: JsonObject, name: string): string {
  if (KEYWORDS.includes(name)) {
    return `the task named ${shown(name)} has no type; does it lack a name? \`- myTask: { ${name}: … }\``;
  }
  const others = Object.keys(task).filter((key) => !BASE.includes(key));
  const [companion] = Object.entries(COMPANIONS).filter(([key]) => Object.hasOwn(task, key));
  if (companion !== undefined) return `the task has \`${companion[0]}\` but no \`${companion[1]}\``;
  const near = others.slice(0, 10).map((key) => [key, didYouMean(key, KEYWORDS)] as const);
  const typo = near.find(([, hint]) => hint !== '');
  if (typo !== undefined) return `unknown task type ${shown(typo[0])}${typo[1]}`;
  const unknown = others[0] === undefined ? 'the task has no type' : `unknown task type ${shown(others[0])}`;
  return `${unknown}; a task has one of ${listed(KEYWORDS.slice(0, 6))}, ${listed(KEYWORDS.slice(6), 'or')}`;
}

function checkBase({ context, task, path, locals, siblings }: TaskPlace): void {
  const { report, expressions } = context;
  const condition = get(task, 'if');
  if (condition !== undefined) {
    if (typeof condition === 'string')
      expressions.expression(condition, at(path, 'if'), 'task input', locals);
    else report.error(at(path, 'if'), `\`if\` must be an expression in a text; it ${kindOf(condition)}`);
  }
  const stages = [
    ['input', 'from', 'task input'],
    ['output', 'as', 'definition'],
    ['export', 'as', 'export'],
  ] as const;
  for (const [name, key, stage] of stages) {
    const value = get(task, name);
    if (value === undefined) continue;
    checkTransform(context, value, { path: at(path, name), name, key, stage, locals });
  }
  const then = get(task, 'then');
  if (then !== undefined) checkThen(report, then, at(path, 'then'), siblings);
  if (Object.hasOwn(task, 'timeout')) report.unsupported(at(path, 'timeout'), 'timeout');
  const metadata = get(task, 'metadata');
  if (metadata !== undefined) asObject(report, metadata, at(path, 'metadata'), '`metadata`');
}
