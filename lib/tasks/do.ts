/** `do`: a list of tasks in sequence; gives what the last one gives (dsl-reference, Do). */
import { runList } from '../engine/list.ts';
import { newList } from '../engine/tree.ts';
import type { ListProgress } from '../engine/types.ts';
import type { TaskModule } from './types.ts';

/** The shape of the node's `body`, written only here. */
type DoState = { list: ListProgress };

export const doTask: TaskModule = {
  kind: 'do',
  matches: (node) => Object.hasOwn(node, 'do') && !Object.hasOwn(node, 'for'),
  compile(node, context) {
    const list = context.list(node.do ?? null, 'do');
    return {
      durable: true,
      run(frame, input, node) {
        node.body ??= { list: newList(list, input) } satisfies DoState;
        const state = node.body as DoState;
        return runList(frame.run, list, state.list, frame.inside());
      },
      inside: (state) => [{ name: 'do', list, node: (state as DoState).list }],
    };
  },
};
