/**
 * `emit`: publishes an event (dsl-reference, Emit). The output is the event, with what was filled in: the `id` is that
 * of the step, whatever the attempt, so that an event that is emitted twice is stored once; the `source` is the
 * workflow, `/<namespace>/<name>`; the `time` is now.
 */
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import type { CloudEvent } from '../engine/types.ts';
import { jsonSizeAtMost } from '../jq/index.ts';
import { sha256Hex } from './authentication/encoding.ts';
import { makeEvent } from './events/make.ts';
import type { Evaluable, Json, TaskModule } from './types.ts';

/** As much as an event may have that comes from outside, by default. */
const MAX_EVENT_BYTES = 1 << 20;
/** Keys of steps are readable, and grow with the nesting: a longer one is hashed. */
const MAX_ID_LENGTH = 500;

export const emitTask: TaskModule = {
  kind: 'emit',
  matches: (node) => Object.hasOwn(node, 'emit'),
  compile(node, context) {
    const properties = context.template(member(member(node['emit'], 'event'), 'with') ?? null);
    return {
      durable: true,
      async run(frame, input, node) {
        if (node.result !== undefined) return node.result.value;
        const event = await eventOf(properties, frame, input);
        return frame.effect(node, async () => {
          await frame.ports.events.emit(event);
          return event;
        });
      },
    };
  },
};

/** @throws {WorkflowError} of type validation when it is no CloudEvent */
async function eventOf(properties: Evaluable, frame: Frame, input: Json): Promise<CloudEvent> {
  const { definition } = frame.run.workflow;
  const text = (key: string): string => {
    const value = member(member(definition, 'document'), key);
    return typeof value === 'string' ? value : '';
  };
  const made = makeEvent(frame.evaluate(properties, input), {
    id: await idOf(frame),
    source: `/${text('namespace')}/${text('name')}`,
    time: new Date(frame.ports.now()).toISOString(),
  });
  if (!made.ok) throw frame.fail('validation', `The event cannot be emitted. ${made.problem}`);
  if (jsonSizeAtMost(made.event, MAX_EVENT_BYTES) <= MAX_EVENT_BYTES) return made.event;
  throw frame.fail('validation', `The event cannot be emitted. It has more than ${MAX_EVENT_BYTES} bytes.`);
}

async function idOf({ idempotencyKey, run }: Frame): Promise<string> {
  if (idempotencyKey.length <= MAX_ID_LENGTH) return idempotencyKey;
  return `${run.facts.runId}/${await sha256Hex(idempotencyKey)}`;
}
