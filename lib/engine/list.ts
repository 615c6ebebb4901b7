/**
 * The interpreter's recursion: a list runs its tasks, a task whatever lists it has inside.
 *
 * 1. The tree is changed only in one go, between two awaits: at every await it is a place to resume from.
 * 2. A task is over when its list says so (`at` and `data`); nothing else is kept of it.
 * 3. What an error leaves behind is where the next attempt of the run begins.
 * 4. Bounds that have ended start no task; a task that had started sees for itself, so that it can tidy up.
 */
import { runAround } from './around.ts';
import { END, EXIT, Flow, type CompiledList, type TaskResult } from './compiled.ts';
import { WorkflowError } from './errors.ts';
import { Frame, type Place } from './frame.ts';
import type { Run } from './run.ts';
import { checkSchema, stage } from './stages.ts';
import type { Json, ListProgress, TaskProgress } from './types.ts';
import { Unwind } from './unwind.ts';

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
    if (node.task === undefined) place.bounds.check();
    await runTask(run, list, node, place);
    if (run.ended) throw new Unwind({ kind: 'ended' });
  }
  return node.data;
}

/** Runs the task at `list.at`. */
async function runTask(run: Run, list: CompiledList, node: ListProgress, place: Place): Promise<void> {
  const task = list.tasks[node.at];
  if (task === undefined) throw new Error(`no task ${node.at} in a list of ${list.tasks.length}`);
  const own: TaskProgress = node.task ?? { startedAtMs: run.ports.now() };
  const frame = new Frame(run, task, place, node.visits?.[node.at] ?? 1, node.data, own);
  try {
    if (node.task !== undefined) await resume(frame);
    else if (!(await start(frame, node))) {
      move(list, node, node.at + 1, node.data);
      return;
    }
    // What was evaluated since the list took its turn may have used up a slice.
    const turn = task.condition !== null || task.input !== null ? run.breathe() : undefined;
    if (turn !== undefined) await turn;
    const result = runLimited(frame, own);
    await finish(frame, list, node, result instanceof Promise ? await result : result);
  } catch (error) {
    leave(frame, node, error);
    throw error;
  } finally {
    frame.changed();
  }
}

/** `if` on the raw input, then the input's stages. False when the task is skipped. */
async function start(frame: Frame, list: ListProgress): Promise<boolean> {
  const { run, task, raw, node } = frame;
  run.countStep(task.pointer);
  if (task.condition !== null && !frame.test(task.condition, raw)) return false;
  frame.begun = true;
  frame.report('task_started');
  list.task = node;
  frame.changed();
  await enter(frame);
  return true;
}

/** Takes up a task that had started before. */
async function resume(frame: Frame): Promise<void> {
  const { node } = frame;
  frame.begun = true;
  if (node.faulted === true) {
    delete node.faulted;
    // Nothing of the body is kept, only its extensions, or the time was over: it has the whole time again.
    const isAnew = node.body === undefined && node.result === undefined;
    if (isAnew || (frame.task.timeout !== null && node.untilMs === undefined)) restartClock(frame);
    frame.report('task_started');
  }
  if (node.input === undefined) await enter(frame);
  else frame.input = node.input;
}

/** `input.schema` on the raw input, then `input.from`, whose value is kept: a stage is not evaluated twice. */
async function enter(frame: Frame): Promise<void> {
  const { task, raw, node } = frame;
  frame.input = raw;
  if (node.body !== undefined || node.result !== undefined) return;
  await checkSchema(frame, task.inputSchema, raw, 'input');
  if (task.input === null) return;
  frame.input = await stage(frame, task.input, raw);
  node.input = frame.input;
}

/** The body with its extensions, within the task's own time limit. */
function runLimited(frame: Frame, own: TaskProgress): TaskResult | Promise<TaskResult> {
  const { task } = frame;
  if (task.timeout !== null) return runTimed(frame, own);
  return task.extensions.length > 0 ? runAround(frame, own, runList) : task.body.run(frame, frame.input, own);
}

async function runTimed(frame: Frame, own: TaskProgress): Promise<TaskResult> {
  const { task, ports } = frame;
  const startedAtMs = Math.ceil(own.startedAtMs);
  own.untilMs ??= startedAtMs + (task.timeout?.milliseconds(frame.input, frame) ?? Infinity);
  const limitMs = own.untilMs - startedAtMs;
  const bounds = frame.bounds.inside(ports, own.untilMs);
  frame.bounds = bounds;
  try {
    return await (task.extensions.length > 0
      ? runAround(frame, own, runList)
      : task.body.run(frame, frame.input, own));
  } catch (error) {
    if (!bounds.ended(error)) throw error;
    // The next attempt of the run has the whole time again.
    restartClock(frame);
    throw frame.timedOut(`The task took longer than its timeout of ${limitMs} ms.`);
  } finally {
    bounds.close();
    frame.bounds = frame.place.bounds;
  }
}

function restartClock({ node, ports }: Frame): void {
  delete node.untilMs;
  node.startedAtMs = ports.now();
}

/** `output.as`, `export.as`, their schemas and the transition, kept in the tree in one go. */
async function finish(
  frame: Frame,
  list: CompiledList,
  node: ListProgress,
  result: TaskResult,
): Promise<void> {
  const { run, task, place } = frame;
  const next = result instanceof Flow ? result.next : task.next;
  frame.rawOutput = result instanceof Flow ? result.output : result;
  frame.output = task.output === null ? frame.rawOutput : await stage(frame, task.output, frame.rawOutput);
  await checkSchema(frame, task.outputSchema, frame.output, 'output');
  let { context } = place.holder;
  if (task.context !== null) {
    context = await stage(frame, task.context, frame.output);
    await checkSchema(frame, task.contextSchema, context, 'export');
  }
  // In another branch of a fork `then: end` was met meanwhile: its output is the run's.
  if (run.ended) throw new Unwind({ kind: 'ended' });
  if (task.context !== null) place.holder.context = context;
  frame.report('task_completed');
  if (next === END) {
    run.ended = true;
    run.progress.root = { at: run.workflow.list.tasks.length, data: frame.output };
  } else if (next === EXIT) {
    node.exited = true;
    move(list, node, list.tasks.length, frame.output);
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
    else if (error.reason.kind === 'cut' && frame.begun) frame.report('task_cancelled');
  } else if (error instanceof WorkflowError) {
    if (!frame.begun) frame.report('task_started');
    frame.report('task_faulted', { error: error.error });
    const { node } = frame;
    if (node.body === undefined && node.result === undefined && node.around === undefined) delete list.task;
    else node.faulted = true;
  }
}
