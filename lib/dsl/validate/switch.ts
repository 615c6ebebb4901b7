/* oxlint-disable unicorn/no-thenable -- `then` is a word of the workflow language. */
/** `switch`: named cases in order, at most one of them without a condition. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { TaskPlace } from './context.ts';
import { expressionIn } from './condition.ts';
import { asObject, at, checkObject, get, kindOf } from './shape.ts';
import { listed } from './text.ts';
import { checkThen } from './then.ts';

export function checkSwitch(place: TaskPlace): void {
  const { report } = place.context;
  const path = at(place.path, 'switch');
  const cases = get(place.task, 'switch');
  if (!Array.isArray(cases)) {
    report.shape(
      path,
      `\`switch\` must be a list of cases, \`- myCase: { when: …, then: … }\`; it ${kindOf(cases)}`,
    );
    return;
  }
  if (cases.length === 0) report.shape(path, '`switch` must have at least one case');
  let defaultPath: string | null = null;
  for (const [index, item] of cases.entries()) {
    const casePath = checkItem(place, item, at(path, index));
    if (casePath === null) continue;
    if (defaultPath === null) defaultPath = casePath;
    else report.semantic(casePath, `a second case without \`when\`; the default is ${defaultPath} already`);
  }
}

/** @returns the pointer of the case when it is a default, else null */
function checkItem(place: TaskPlace, item: Json, path: string): string | null {
  const { report } = place.context;
  const object = asObject(report, item, path, 'a switch item');
  if (object === null) return null;
  const keys = Object.keys(object);
  const [name] = keys;
  if (name === undefined || keys.length > 1) {
    const has = keys.length === 0 ? 'no key' : `${keys.length} keys, ${listed(keys)}`;
    report.shape(path, `the switch item has ${has}; each item has exactly one, the case's name`);
    return null;
  }
  return checkCase(place, get(object, name) ?? null, at(path, name));
}

function checkCase(place: TaskPlace, value: Json, path: string): string | null {
  const { report } = place.context;
  if (!isJsonObject(value)) {
    report.shape(path, `a case must be an object with \`when\` and \`then\`; it ${kindOf(value)}`);
    return null;
  }
  checkObject(report, value, path, {
    of: 'a case',
    members: {
      then: (then, thenPath) => checkThen(report, then, thenPath, place.siblings),
      when: expressionIn(place.context, 'definition', place.locals),
    },
    required: ['then'],
  });
  return Object.hasOwn(value, 'when') ? null : path;
}
