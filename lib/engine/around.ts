/**
 * Extensions of a task (dsl-reference, Extension): lists that run before and after its body. They see the task as
 * `$task` and none of its loop variables. What they give is dropped, but for a `before` that ends with `then: exit`:
 * its output takes the place of the body's.
 */
import { Flow, type CompiledExtension, type CompiledList, type TaskResult } from './compiled.ts';
import type { Frame, Place } from './frame.ts';
import type { Run } from './run.ts';
import { newList } from './tree.ts';
import type { AroundProgress, Json, ListProgress, TaskProgress } from './types.ts';

/** The interpreter's recursion, handed in because it leads back here. */
type RunList = (run: Run, list: CompiledList, node: ListProgress, place: Place) => Promise<Json>;

interface Around {
  frame: Frame;
  runList: RunList;
}

/** The body of a task with everything that extends it. */
export async function runAround(frame: Frame, own: TaskProgress, runList: RunList): Promise<TaskResult> {
  const around = { frame, runList };
  own.around ??= { phase: 'before', at: 0 };
  const state = own.around;
  if (state.phase === 'before') {
    await runLists(around, state, 'before', frame.input);
    enter(state, state.result === undefined ? 'body' : 'after');
  }
  if (state.phase === 'body') {
    const result = await frame.task.body.run(frame, frame.input, own);
    state.result = result instanceof Flow ? { value: result.output, next: result.next } : { value: result };
    enter(state, 'after');
    delete own.body;
    delete own.result;
  }
  const { value, next } = state.result ?? { value: null };
  frame.rawOutput = value;
  await runLists(around, state, 'after', value);
  return next === undefined ? value : new Flow(value, next);
}

function enter(state: AroundProgress, phase: 'body' | 'after'): void {
  state.phase = phase;
  state.at = 0;
  delete state.list;
}

/** The lists of one phase, in the order of declaration, until one takes the place of the body. */
async function runLists(
  around: Around,
  state: AroundProgress,
  phase: 'before' | 'after',
  data: Json,
): Promise<void> {
  const { frame } = around;
  const { extensions } = frame.task;
  while (state.at < extensions.length) {
    const extension = extensions[state.at];
    const list = extension?.[phase] ?? null;
    if (extension !== undefined && list !== null && applies(frame, extension, state, data)) {
      const exited = await runOne(around, { extension, list }, state, data);
      if (exited && phase === 'before') return;
    }
    state.at += 1;
    delete state.list;
  }
}

function applies(frame: Frame, { when }: CompiledExtension, state: AroundProgress, data: Json): boolean {
  return state.list !== undefined || when === null || frame.test(when, data);
}

async function runOne(
  { frame, runList }: Around,
  what: { extension: CompiledExtension; list: CompiledList },
  state: AroundProgress,
  data: Json,
): Promise<boolean> {
  const node = (state.list ??= newList(what.list, data));
  const place = frame.inside({
    onlyLocals: { task: frame.descriptor() },
    keySegment: what.extension.keySegment,
  });
  const output = await runList(frame.run, what.list, node, place);
  if (node.exited !== true) return false;
  if (state.phase === 'before') state.result = { value: output };
  return true;
}
