/**
 * Makes a recorded progress tree fit for another run: of the same definition, or of another version of it.
 *
 * 1. The tasks in which the tree stands must be there, each under its name, of its type, and in the same list of the
 *    same task. Tasks beside them may have come, gone or changed.
 * 2. Recorded values stay: results of side effects, transformed inputs, the collection of a loop.
 * 3. What belongs to one run alone goes: time limits begin anew, steps are counted from 0, children are started again.
 * 4. Every task in which it stands counts as faulted, so that the timeline of the new run says where it goes on.
 */
import type {
  CompiledExtension,
  CompiledList,
  CompiledTask,
  CompiledWorkflow,
  InnerList,
} from './compiled.ts';
import type { AroundProgress, ListProgress, Progress, TaskProgress } from './types.ts';

/** Why a tree does not fit. */
export interface Misfit {
  /** JSON pointer, in the definition that the tree is of, to the task that does not fit. */
  pointer: string;
  /** What the other definition lacks there, to be read after the pointer. */
  problem: string;
}

/**
 * @param progress changed in place; worth nothing when it does not fit
 * @param from the definition that it is of
 * @param to the definition that is to go on with it
 * @returns null when it fits
 */
export function refit(progress: Progress, from: CompiledWorkflow, to: CompiledWorkflow): Misfit | null {
  progress.steps = 0;
  delete progress.untilMs;
  delete progress.children;
  delete progress.listeners;
  return progress.root === null ? null : refitList(progress.root, from.list, to.list);
}

function refitList(node: ListProgress, from: CompiledList, to: CompiledList): Misfit | null {
  const task = from.tasks[node.at];
  const heirs = heirsOf(from, to);
  const at = task === undefined ? to.tasks.length : (heirs[node.at] ?? -1);
  const heir = to.tasks[at];
  if (task !== undefined && heir === undefined) return misfit(task, 'is no longer in its list');
  const visits = Object.entries(node.visits ?? {}).map(([index, count]) => [heirs[Number(index)], count]);
  delete node.visits;
  node.at = at;
  if (to.revisits) {
    const first = heir === undefined ? [] : [[at, 1]];
    node.visits = Object.fromEntries([...first, ...visits].filter(([index]) => index !== undefined));
  }
  if (task === undefined || heir === undefined) return null;
  if (heir.kind !== task.kind)
    return misfit(task, `is now of type ${heir.kind}, and was of type ${task.kind}`);
  return node.task === undefined ? null : refitTask(node.task, task, heir);
}

/** Where each task has gone: the how-many-th of its name it was, should names repeat. */
function heirsOf(from: CompiledList, to: CompiledList): (number | undefined)[] {
  const indices = new Map<string, number[]>();
  for (const [index, { name }] of [...to.tasks.entries()].toReversed()) {
    const known = indices.get(name);
    if (known === undefined) indices.set(name, [index]);
    else known.push(index);
  }
  return from.tasks.map(({ name }) => indices.get(name)?.pop());
}

function refitTask(node: TaskProgress, task: CompiledTask, heir: CompiledTask): Misfit | null {
  node.faulted = true;
  delete node.untilMs;
  if (node.around !== undefined) {
    const problem = refitAround(node.around, task, heir);
    if (problem !== null) return problem;
  }
  heir.body.forget?.(node);
  if (node.body === undefined) return null;
  const was = task.body.inside?.(node.body) ?? [];
  const is = heir.body.inside?.(node.body) ?? [];
  return misplaced(task, was, is) ?? firstOf(was, (inner, index) => refitInner(inner, is[index]));
}

function refitInner({ list, node }: InnerList, is: InnerList | undefined): Misfit | null {
  return node === null || is === undefined ? null : refitList(node, list, is.list);
}

/** The lists inside must be the same ones, in the same order. */
function misplaced(task: CompiledTask, was: readonly InnerList[], is: readonly InnerList[]): Misfit | null {
  const gone = was.find(({ name }) => is.every((inner) => inner.name !== name));
  if (gone !== undefined) return misfit(task, `no longer has the ${gone.name} that the run stands in`);
  const isSame = was.length === is.length && was.every(({ name }, index) => is[index]?.name === name);
  return isSame ? null : misfit(task, 'has other branches, or has them in another order');
}

/** Extensions around a task in flight: all must be there, since what has run of them has run. */
function refitAround(node: AroundProgress, task: CompiledTask, heir: CompiledTask): Misfit | null {
  const isSame =
    task.extensions.length === heir.extensions.length &&
    task.extensions.every((extension, index) => nameOf(extension) === nameOf(heir.extensions[index]));
  if (!isSame) return misfit(task, 'is extended by other extensions, or by the same in another order');
  if (node.list === undefined || node.phase === 'body') return null;
  const [was, is] = [task.extensions[node.at]?.[node.phase], heir.extensions[node.at]?.[node.phase]];
  if (!was) return null;
  if (!is) return misfit(task, `has an extension that no longer has a list \`${node.phase}\``);
  return refitList(node.list, was, is);
}

/** The last segment of its key, percent-encoded: the name without its place among all extensions. */
const nameOf = (extension: CompiledExtension | undefined): string | undefined =>
  extension?.keySegment.split('/').at(-1);

const misfit = ({ pointer }: CompiledTask, problem: string): Misfit => ({ pointer, problem });

function firstOf<T>(items: readonly T[], look: (item: T, index: number) => Misfit | null): Misfit | null {
  for (const [index, item] of items.entries()) {
    const problem = look(item, index);
    if (problem !== null) return problem;
  }
  return null;
}
