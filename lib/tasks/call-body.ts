/** What the bodies of calls share: one recorded side effect, and `$authorization` for the stages after it. */
import type { Frame } from '../engine/frame.ts';
import { isJsonObject, member } from '../engine/json.ts';
import type { Authentication } from './authentication/types.ts';
import { restoreAuthorization } from './exchange.ts';
import type { Json, JsonObject, TaskBody } from './types.ts';

/**
 * The body of a call.
 * @param definition the task's
 * @param authentication null for none
 * @param action makes the call and gives its raw output; to be given up when the signal aborts
 */
export function callBody(
  definition: JsonObject,
  authentication: Authentication | null,
  action: (frame: Frame, input: Json, signal: AbortSignal) => Promise<Json>,
): TaskBody {
  const restores = readsAuthorization(definition);
  return {
    durable: true,
    async run(frame, input, node) {
      if (authentication !== null && restores && node.result !== undefined) {
        await restoreAuthorization(frame, authentication, input);
      }
      return frame.effect(node, (signal) => action(frame, input, signal));
    },
  };
}

/** Whether a task's later stages read `$authorization`: text that names it is enough. */
function readsAuthorization(definition: JsonObject): boolean {
  const stages = [member(definition, 'output'), member(definition, 'export')];
  return stages.some((stage) => isJsonObject(stage) && JSON.stringify(stage).includes('authorization'));
}
