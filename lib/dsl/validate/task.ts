/* oxlint-disable unicorn/no-thenable -- `then` is a word of the workflow language. */
/** One task: its type, what every type shares, and then the type's own members. */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { checkCall } from './call.ts';
import { expressionIn } from './condition.ts';
import type { TaskPlace } from './context.ts';
import { checkEmit } from './emit.ts';
import { checkFor } from './for.ts';
import { checkFork } from './fork.ts';
import { checkListen } from './listen.ts';
import { memberChecks } from './members.ts';
import { checkRaise } from './raise.ts';
import { checkRun } from './run.ts';
import { checkObject, kindOf, type MemberCheck } from './shape.ts';
import { checkDo, checkSet, checkWait } from './simple-tasks.ts';
import { checkSwitch } from './switch.ts';
import { didYouMean, listed, shown } from './text.ts';
import { checkThen } from './then.ts';
import { timeoutIn } from './timeout.ts';
import { transformIn } from './transform.ts';
import { checkTry } from './try.ts';

/** A type's keyword, the members beside it, and its check. */
const TYPES: Record<string, { beside: readonly string[]; check: (place: TaskPlace) => void }> = {
  call: { beside: ['with'], check: checkCall },
  do: { beside: [], check: checkDo },
  emit: { beside: [], check: checkEmit },
  for: { beside: ['while', 'do'], check: checkFor },
  fork: { beside: [], check: checkFork },
  listen: { beside: ['foreach'], check: checkListen },
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
    report.shape(where.path, `a task must be an object; it ${kindOf(value)}${hint}`);
    return;
  }
  const place: TaskPlace = { ...where, task: value };
  const types = taskTypes(value);
  const [type] = types;
  const entry = type === undefined ? undefined : TYPES[type];
  if (type !== undefined && entry !== undefined && types.length === 1) {
    const own = Object.fromEntries([type, ...entry.beside].map((key) => [key, null]));
    checkObject(report, value, where.path, {
      of: type === 'call' ? 'a `call` task' : `a ${shown(type)} task`,
      members: { ...own, ...baseMembers(place) },
    });
    entry.check(place);
    return;
  }
  if (types.length > 1) {
    report.shape(where.path, `a task has exactly one type; this one has ${types.length}: ${listed(types)}`);
  } else report.shape(where.path, noType(value, name));
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

/** What every task has. */
function baseMembers({ context, locals, siblings }: TaskPlace): Record<string, MemberCheck> {
  return {
    if: expressionIn(context, 'task input', locals),
    input: transformIn(context, 'from', 'task input', locals),
    output: transformIn(context, 'as', 'definition', locals),
    export: transformIn(context, 'as', 'export', locals),
    timeout: timeoutIn(context, locals),
    then: (then, thenPath) => checkThen(context.report, then, thenPath, siblings),
    metadata: memberChecks(context.report).object,
  };
}
