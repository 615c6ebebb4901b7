/** `switch`: goes on at the first case that matches; the output is the input (dsl-reference, Switch). */
import { Flow, type Target } from '../engine/compiled.ts';
import { isJsonObject, member } from '../engine/json.ts';
import type { CompileContext, Expression, Json, TaskModule } from './types.ts';

interface Case {
  /** null: the default, tried last wherever it stands. */
  when: Expression | null;
  next: Target;
}

export const switchTask: TaskModule = {
  kind: 'switch',
  matches: (node) => Object.hasOwn(node, 'switch'),
  compile(node, context) {
    const cases = compileCases(node.switch, context);
    const conditional = cases.flatMap(({ when, next }) => (when === null ? [] : [{ when, next }]));
    const otherwise = cases.find(({ when }) => when === null);
    return {
      durable: false,
      run(frame, input) {
        const matching = conditional.find(({ when }) => frame.test(when, input)) ?? otherwise;
        return matching === undefined ? input : new Flow(input, matching.next);
      },
    };
  },
};

function compileCases(items: Json | undefined, context: CompileContext): Case[] {
  if (!Array.isArray(items)) throw new TypeError(`${context.pointer}/switch is not a list`);
  return items.flatMap((item) =>
    isJsonObject(item)
      ? Object.values(item).map((one) => {
          const when = member(one, 'when');
          return {
            when: typeof when === 'string' ? context.expression(when) : null,
            next: context.target(member(one, 'then') ?? 'continue'),
          };
        })
      : [],
  );
}
