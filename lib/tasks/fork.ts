/**
 * `fork`: its branches run at the same time, each on the fork's input and with a context of its own (dsl-reference,
 * Fork). The output is the array of theirs in the order of declaration; with `compete` it is that of the first to
 * succeed, whose context is kept, and the others are cut off.
 */
import type { CompiledList } from '../engine/compiled.ts';
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import { newList } from '../engine/tree.ts';
import { Race, type BranchState } from './fork-race.ts';
import type { Json, TaskModule, TaskProgress } from './types.ts';

/** The shape of the node's `body`, written only here and in fork-race.ts. */
type ForkState = { branches: BranchState[] };

export const forkTask: TaskModule = {
  kind: 'fork',
  matches: (node) => Object.hasOwn(node, 'fork'),
  compile(node, context) {
    const branches = context.branches(member(node.fork, 'branches') ?? null, 'fork/branches');
    const compete = member(node.fork, 'compete') === true;
    return {
      durable: true,
      run: (frame, input, node) => run({ branches, compete }, frame, input, node),
      inside: (state) =>
        branches.map((list, index) => ({
          name: `branch ${JSON.stringify(list.tasks[0]?.name)}`,
          list,
          node: (state as ForkState).branches[index]?.list ?? null,
        })),
      // Every branch goes on, also one whose failure others have outrun.
      forget({ body }) {
        for (const branch of (body as ForkState | undefined)?.branches ?? []) delete branch.failure;
      },
    };
  },
};

interface Fork {
  branches: CompiledList[];
  compete: boolean;
}

async function run(self: Fork, frame: Frame, input: Json, node: TaskProgress): Promise<Json> {
  const { holder } = frame.place;
  if (node.body === undefined) {
    node.body = {
      branches: self.branches.map((list) => ({ context: holder.context, list: newList(list, input) })),
    } satisfies ForkState;
    // What its branches report is theirs alone: that they exist stands in the branch around.
    frame.changed();
  }
  const { branches } = node.body as ForkState;
  const bounds = frame.bounds.inside(frame.ports);
  try {
    await new Race(self, branches, frame, bounds).run();
  } finally {
    bounds.close();
  }
  if (!self.compete) return branches.map(({ list }) => list.data);
  const winner = branches.find(({ done }) => done === true);
  if (winner === undefined) return input;
  holder.context = winner.context;
  return winner.list.data;
}
