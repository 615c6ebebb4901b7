/** `set`: replaces the data by a template, or by the value of one expression (dsl-reference, Set). */
import type { TaskModule } from './types.ts';

export const setTask: TaskModule = {
  kind: 'set',
  matches: (node) => Object.hasOwn(node, 'set'),
  compile(node, context) {
    const value = context.transform(node.set ?? null);
    return { durable: false, run: (frame, input) => frame.evaluate(value, input) };
  },
};
