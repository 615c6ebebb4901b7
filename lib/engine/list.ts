/**
 * The interpreter's recursion: a list runs its tasks, a task whatever lists it has inside.
 *
 * 1. The tree is changed only in one go, between two awaits: at every await it is a place to resume from.
 * 2. A task is over when its list says so (`at` and `data`); nothing else is kept of it.
 * 3. What an error leaves behind is where the next attempt of the run begins.
 */
import { END, Flow, type CompiledList, type TaskResult } from './compiled.ts';
import { WorkflowError } from './errors.ts';
import { Frame, type Place } from './frame.ts';
import type { Run } from './run.ts';
import type { Json, ListProgress, TaskProgress } from './types.ts';
import { Unwind } from './unwind.ts';

/** The position of a list that has not begun. */
export function newList(list: CompiledList, data: Json): ListProgress {
  return list.revisits ? { at: 0, data, visits: { 0: 1 } } : { at: 0, data };
}

/**
 * Runs a list from where it stands to its end.
 * @param node its position, which is in the progress tree
 * @returns the transformed output of its last task; the list's input when it has none
 * @throws {WorkflowError} that of the task that failed
 * @throws {Unwind}
 */
export async function runList(run: Run, list: CompiledList, node: ListProgress, place: Place): Promise<Json> {
  while (node.at < list.tasks.length) {
    const turn = run.turn();
    if (turn !== undefined) await turn;
    const work = runTask(run, list, node, place);
    if (work !== undefined) await work;
    if (run.ended) throw new Unwind({ kind: 'ended' });
  }
  return node.data;
}

/** Runs the task at `list.at`; at once when its body is pure. */
function runTask(run: Run, list: CompiledList, node: ListProgress, place: Place): Promise<void> | undefined {
  const task = list.tasks[node.at];
  if (task === undefined) throw new Error(`no task ${node.at} in a list of ${list.tasks.length}`);
  const own: TaskProgress = node.task ?? { startedAtMs: run.ports.now() };
  const frame = new Frame(run, task, place, node.visits?.[node.at] ?? 1, node.data, own);
  try {
    if (node.task !== undefined) resume(frame);
    else if (!start(frame, node)) {
      move(list, node, node.at + 1, node.data);
      return undefined;
    }
    const result = task.body.run(frame, frame.input, own);
    if (result instanceof Promise) return settle(frame, list, node, result);
    finish(frame, list, node, result);
    return undefined;
  } catch (error) {
    leave(frame, node, error);
    throw error;
  }
}

async function settle(
  frame: Frame,
  list: CompiledList,
  node: ListProgress,
  result: Promise<TaskResult>,
): Promise<void> {
  try {
    finish(frame, list, node, await result);
  } catch (error) {
    leave(frame, node, error);
    throw error;
  }
}

/** `if` on the raw input, then `input.from`. False when the task is skipped. */
function start(frame: Frame, list: ListProgress): boolean {
  const { run, task, raw, node } = frame;
  run.countStep(task.pointer);
  if (task.condition !== null && !frame.test(task.condition, raw)) return false;
  frame.begun = true;
  frame.report('task_started');
  frame.input = task.input === null ? raw : frame.evaluate(task.input, raw);
  if (task.body.durable) {
    if (task.input !== null) node.input = frame.input;
    list.task = node;
  }
  return true;
}

/** Takes up a task that had started before: its first stages are in the tree. */
function resume(frame: Frame): void {
  const { node } = frame;
  frame.input = node.input === undefined ? frame.raw : node.input;
  frame.begun = true;
  if (node.faulted === true) {
    delete node.faulted;
    frame.report('task_started');
  }
}

/** `output.as`, `export.as` and the transition, kept in the tree in one go. */
function finish(frame: Frame, list: CompiledList, node: ListProgress, result: TaskResult): void {
  const { run, task } = frame;
  const next = result instanceof Flow ? result.next : task.next;
  frame.rawOutput = result instanceof Flow ? result.output : result;
  frame.output = task.output === null ? frame.rawOutput : frame.evaluate(task.output, frame.rawOutput);
  if (task.context !== null) run.progress.context = frame.evaluate(task.context, frame.output);
  frame.report('task_completed');
  if (next === END) {
    run.ended = true;
    run.progress.root = { at: run.workflow.list.tasks.length, data: frame.output };
  } else {
    move(list, node, next, frame.output);
  }
}

function move(list: CompiledList, node: ListProgress, at: number, data: Json): void {
  node.at = at;
  node.data = data;
  delete node.task;
  if (node.visits !== undefined && at < list.tasks.length) node.visits[at] = (node.visits[at] ?? 0) + 1;
}

/** What remains of a task that did not finish. */
function leave(frame: Frame, list: ListProgress, error: unknown): void {
  if (error instanceof Unwind) {
    if (error.reason.kind === 'ended') frame.report('task_completed');
  } else if (error instanceof WorkflowError) {
    if (!frame.begun) frame.report('task_started');
    frame.report('task_faulted', { error: error.error });
    const { node } = frame;
    if (node.body === undefined && node.result === undefined) delete list.task;
    else node.faulted = true;
  }
}
