/** `timeout` of a task or of the workflow: a duration, or the name of one in `use.timeouts`. */
import type { Json } from '../../jq/index.ts';
import type { Context } from './context.ts';
import { positiveDurationIn } from './duration.ts';
import { checkReference } from './reference.ts';
import { checkObject, kindOf, type MemberCheck } from './shape.ts';
import { isJsonObject } from '../../engine/json.ts';

/** The check of a member `timeout`. */
export const timeoutIn =
  (context: Context, locals: readonly string[]): MemberCheck =>
  (value: Json, path: string) => {
    if (typeof value === 'string') checkReference(context, value, path, 'timeouts');
    else checkTimeout(context, value, path, locals);
  };

/** `{ after }` */
export function checkTimeout(context: Context, value: Json, path: string, locals: readonly string[]): void {
  const { report } = context;
  if (!isJsonObject(value)) {
    report.shape(path, `a timeout must be an object such as \`{ after: PT30S }\`; it ${kindOf(value)}`);
    return;
  }
  checkObject(report, value, path, {
    of: 'a timeout',
    members: { after: positiveDurationIn(context, locals) },
    required: ['after'],
  });
}
