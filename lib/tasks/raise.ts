/** `raise`: ends in an error, inline or from `use.errors` (dsl-reference, Raise). */
import { defaultTitle, WorkflowError } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import type { DslError } from '../engine/types.ts';
import type { Json, TaskModule } from './types.ts';

export const raiseTask: TaskModule = {
  kind: 'raise',
  matches: (node) => Object.hasOwn(node, 'raise'),
  compile(node, context) {
    const definition = member(node.raise, 'error') ?? null;
    const resolved = typeof definition === 'string' ? context.reusable('errors', definition) : definition;
    const template = context.template(resolved);
    return {
      durable: false,
      run(frame, input) {
        throw new WorkflowError(toError(frame.evaluate(template, input), frame), 'raise');
      },
    };
  },
};

/** The members may be expressions: what they gave is looked at here. */
function toError(value: Json, frame: Frame): DslError {
  const type = member(value, 'type');
  const status = member(value, 'status');
  if (typeof type !== 'string') throw frame.fail('expression', 'The `type` of the raised error is not text.');
  if (typeof status !== 'number' || !Number.isInteger(status)) {
    throw frame.fail('expression', 'The `status` of the raised error is not a whole number.');
  }
  const detail = textOf(member(value, 'detail'));
  return {
    type,
    status,
    title: textOf(member(value, 'title')) ?? defaultTitle(type),
    ...(detail !== undefined && { detail }),
    instance: textOf(member(value, 'instance')) ?? frame.task.pointer,
  };
}

/** Text as it is, another value as JSON; undefined when absent or null. */
function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
