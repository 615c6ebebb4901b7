/** `wait`: the output is the input, later (dsl-reference, Wait). A long wait holds no worker slot. */
import type { TaskModule } from './types.ts';

const DAY_MS = 86_400_000;
const MAX_WAIT_MS = 365 * DAY_MS;

/** The shape of the node's `body`, written only here. */
type WaitState = { untilMs: number };

export const waitTask: TaskModule = {
  kind: 'wait',
  matches: (node) => Object.hasOwn(node, 'wait'),
  compile(node, context) {
    const duration = context.duration(node.wait ?? null);
    return {
      durable: true,
      async run(frame, input, node) {
        if (node.body === undefined) {
          const ms = duration.milliseconds(input, frame);
          if (ms > MAX_WAIT_MS) throw frame.fail('configuration', 'A wait is at most 365 days.');
          node.body = { untilMs: frame.startTimer(ms) } satisfies WaitState;
        }
        await frame.reach((node.body as WaitState).untilMs);
        return input;
      },
    };
  },
};
