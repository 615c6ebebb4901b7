/** Reruns in the interpreter alone: a tree of one definition, refitted to another. */
import { compileWorkflow } from '../../lib/dsl/compile.ts';
import { refit, type Misfit } from '../../lib/engine/refit.ts';
import type { Json, Progress } from '../../lib/engine/types.ts';
import { TASK_MODULES } from '../../lib/tasks/index.ts';
import type { TaskModule } from '../../lib/tasks/types.ts';
import { definition, run, type FakeCall, type Ran, type Setup } from './engine-run.ts';

const fakeCall: TaskModule = {
  kind: 'call-fake',
  matches: (node) => node['call'] === 'fake',
  compile: () => ({ durable: true, run: () => null }),
};

const toDefinition = (workflow: string | Json): Json =>
  typeof workflow === 'string' ? definition(workflow) : workflow;

const compile = (workflow: string | Json) =>
  compileWorkflow(toDefinition(workflow), [fakeCall, ...TASK_MODULES]);

export const copy = (progress: Progress): Progress => JSON.parse(JSON.stringify(progress)) as Progress;

/** A copy of the tree for the other definition, or why it does not fit. */
export function refitted(
  progress: Progress,
  from: string | Json,
  to: string | Json,
): { progress: Progress; misfit: Misfit | null } {
  const tree = copy(progress);
  const misfit = refit(tree, compile(from), compile(to));
  return { progress: tree, misfit };
}

/** What the tasks named `bad` throw: not to be retried. */
export const failBad = ({ name, argument, frame }: FakeCall): Json => {
  if (name === 'bad') throw frame.fail('communication', 'no', { status: 400 });
  return argument;
};

/** Runs a workflow that fails; where it stands then. */
export async function failed(workflow: string | Json, setup: Setup = {}): Promise<Ran> {
  const ran = await run(toDefinition(workflow), { effect: failBad, ...setup });
  if (ran.outcome.kind !== 'failed') throw new Error(`not failed: ${JSON.stringify(ran.outcome)}`);
  return ran;
}

/** Goes on with a refitted tree in another definition, where nothing fails any more. */
export async function rerun(from: string | Json, to: string | Json, before: Ran, setup: Setup = {}) {
  const { progress, misfit } = refitted(before.progress, from, to);
  if (misfit !== null) throw new Error(`does not fit: ${JSON.stringify(misfit)}`);
  const { ports } = before;
  return run(toDefinition(to), { ports, progress, effect: ({ argument }) => argument, ...setup });
}
