/** `switch`: named cases in order, at most one of them without a condition. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { TaskPlace } from './context.ts';
import { asObject, at, checkMembers, get, kindOf } from './shape.ts';
import { listed } from './text.ts';
import { checkThen } from './then.ts';

export function checkSwitch(place: TaskPlace): void {
  const { report } = place.context;
  const path = at(place.path, 'switch');
  const cases = get(place.task, 'switch');
  if (!Array.isArray(cases)) {
    report.error(
      path,
      `\`switch\` must be a list of cases, \`- myCase: { when: …, then: … }\`; it ${kindOf(cases)}`,
    );
    return;
  }
  if (cases.length === 0) report.error(path, '`switch` must have at least one case');
  let defaultPath: string | null = null;
  for (const [index, item] of cases.entries()) {
    const casePath = checkItem(place, item, at(path, index));
    if (casePath === null) continue;
    if (defaultPath === null) defaultPath = casePath;
    else report.error(casePath, `a second case without \`when\`; the default is ${defaultPath} already`);
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
    report.error(path, `the switch item has ${has}; each item has exactly one, the case's name`);
    return null;
  }
  return checkCase(place, get(object, name) ?? null, at(path, name));
}

function checkCase(place: TaskPlace, value: Json, path: string): string | null {
  const { report, expressions } = place.context;
  if (!isJsonObject(value)) {
    report.error(path, `a case must be an object with \`when\` and \`then\`; it ${kindOf(value)}`);
    return null;
  }
  checkMembers(report, value, path, { of: 'a case', known: ['when', 'then'], required: ['then'] });
  const then = get(value, 'then');
  if (then !== undefined) checkThen(report, then, at(path, 'then'), place.siblings);
  const when = get(value, 'when');
  if (when === undefined) return path;
  if (typeof when === 'string') expressions.expression(when, at(path, 'when'), 'definition', place.locals);
  else report.error(at(path, 'when'), `\`when\` must be an expression in a text; it ${kindOf(when)}`);
  return null;
}
