/** `do`, `set` and `wait`. */
import { isJsonObject } from '../../engine/json.ts';
import type { TaskPlace } from './context.ts';
import { checkDuration } from './duration.ts';
import { at, get, kindOf } from './shape.ts';

const DAY_MS = 86_400_000;
/** The task itself refuses more of what an expression gives. */
const MAX_WAIT_DAYS = 365;

export function checkDo({ context, task, path, locals }: TaskPlace): void {
  context.taskList(get(task, 'do'), { path: at(path, 'do'), locals, name: '`do`' });
}

export function checkSet({ context, task, path, locals }: TaskPlace): void {
  const value = get(task, 'set');
  const setPath = at(path, 'set');
  if (typeof value === 'string') context.expressions.expression(value, setPath, 'definition', locals);
  else if (!isJsonObject(value)) {
    context.report.shape(setPath, `\`set\` must be an object or an expression; it ${kindOf(value)}`);
  } else if (Object.keys(value).length === 0) {
    context.report.shape(
      setPath,
      '`set` must set at least one property; for an empty object write `${ {} }`',
    );
  } else context.expressions.template(value, setPath, 'definition', locals);
}

export function checkWait({ context, task, path, locals }: TaskPlace): void {
  const waitPath = at(path, 'wait');
  const ms = checkDuration(context, get(task, 'wait'), waitPath, locals, '`wait`');
  if (ms !== null && ms > MAX_WAIT_DAYS * DAY_MS)
    context.report.semantic(waitPath, `\`wait\` is at most ${MAX_WAIT_DAYS} days`);
}
