/**
 * `call: <function>`: a task of `use.functions` in a scope of its own (dsl-reference, Call; dsl.md, Custom Functions).
 * `with` is its raw input, without it the caller's input; it reads the caller's `$context` and cannot change it.
 */
import { standardError, WorkflowError } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import { localsOf } from '../engine/variables.ts';
import { member } from '../engine/json.ts';
import { runList } from '../engine/list.ts';
import { newList } from '../engine/tree.ts';
import type { ListProgress } from '../engine/types.ts';
import type { Json, TaskModule } from './types.ts';

/** A function may call itself; deeper than this it is taken to do so without end. */
const MAX_DEPTH = 25;

/** The shape of the node's `body`, written only here. */
type CallState = { context: Json; list: ListProgress };

export const callFunctionTask: TaskModule = {
  kind: 'call-function',
  matches: (node) => typeof node['call'] === 'string',
  compile(node, context) {
    const name = node['call'];
    const callee = context.callable(typeof name === 'string' ? name : '');
    const given = member(node, 'with');
    const argument = given === undefined ? null : context.template(given);
    return {
      durable: true,
      run(frame, input, node) {
        const list = callee();
        if (node.body === undefined) {
          if (frame.place.depth >= MAX_DEPTH) throw tooDeep(frame);
          const data = argument === null ? input : frame.evaluate(argument, input);
          node.body = { context: frame.place.holder.context, list: newList(list, data) } satisfies CallState;
        }
        const state = node.body as CallState;
        const place = frame.inside({ onlyLocals: localsOf(), holder: state, depth: frame.place.depth + 1 });
        return runList(frame.run, list, state.list, place);
      },
      inside: (state) => [
        { name: `function ${JSON.stringify(name)}`, list: callee(), node: (state as CallState).list },
      ],
    };
  },
};

/** No `try` catches it: each level of a recursion without end would. */
function tooDeep(frame: Frame): WorkflowError {
  const detail = `Calls of functions are nested deeper than ${MAX_DEPTH}.`;
  return new WorkflowError(standardError('runtime', detail, frame.instance), 'limit');
}
