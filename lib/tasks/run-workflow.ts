/**
 * `run: workflow`: a run of another workflow of the org (dsl-reference, Run, Workflow Process). The task waits for
 * it without holding a worker slot, unless `await` is false; its output or error becomes the task's.
 *
 * 1. The child's id is recorded before the child is started, so it is started once.
 * 2. A child that is waited for is cancelled when the task is cut off. That it is to be is recorded before, so that
 *    nobody takes it for a child that others have cancelled; should the run go on here after all, it is with a new one.
 */
import { WorkflowError } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import type { ChildState } from '../engine/types.ts';
import { NEVER_MS, Unwind } from '../engine/unwind.ts';
import type { Evaluable, Json, TaskModule, TaskProgress } from './types.ts';

interface RunWorkflow {
  namespace: string;
  name: string;
  version: string;
  /** null: the task's input */
  input: Evaluable | null;
  awaits: boolean;
}

/**
 * The shape of the node's `body`, written only here; `told`: the timeline says that it waits; `cut`: the child is
 * to be cancelled.
 */
type RunState = { childId: string; started?: true; told?: true; cut?: true };

export const runWorkflowTask: TaskModule = {
  kind: 'run-workflow',
  matches: (node) => member(node['run'], 'workflow') !== undefined,
  compile(node, context) {
    const child = member(node['run'], 'workflow') ?? null;
    const text = (key: string, fallback = ''): string => {
      const value = member(child, key);
      return typeof value === 'string' ? value : fallback;
    };
    const input = member(child, 'input');
    const compiled: RunWorkflow = {
      namespace: text('namespace'),
      name: text('name'),
      version: text('version', 'latest'),
      input: input === undefined ? null : context.template(input),
      awaits: member(node['run'], 'await') !== false,
    };
    return {
      durable: true,
      run: (frame, input, node) => run(compiled, frame, input, node),
      // The end of an awaited child is that run's: another run starts a child of its own.
      forget(node) {
        const { started } = (node.body ?? {}) as Partial<RunState>;
        if (node.result === undefined && (compiled.awaits || started !== true)) delete node.body;
      },
    };
  },
};

async function run(self: RunWorkflow, frame: Frame, input: Json, node: TaskProgress): Promise<Json> {
  if (node.result !== undefined) return node.result.value;
  if ((node.body as RunState | undefined)?.cut === true) await abandon(frame, node);
  if (node.body === undefined) frame.bounds.check();
  node.body ??= { childId: frame.ports.children.newId() } satisfies RunState;
  const state = node.body as RunState;
  try {
    if (state.started !== true) await start(self, frame, input, state);
    if (!self.awaits) return input;
    return await join(frame, node, state);
  } catch (error) {
    if (self.awaits && isCut(error)) await abandon(frame, node);
    throw error;
  }
}

/** The end of the child. @throws {Unwind} parked, until it has ended */
async function join(frame: Frame, node: TaskProgress, state: RunState): Promise<Json> {
  const { run, ports, bounds } = frame;
  if (ports.signal.aborted) bounds.check();
  const child = await run.interruptible(ports.children.find(state.childId), bounds);
  // Before anything else: what is cut off cancels its child, also while the worker stops.
  if (child.kind === 'active') bounds.check();
  run.wake();
  if (child.kind === 'active') throw waiting(frame, state);
  return settle(frame, node, child);
}

/** Cancels the child of a task that is cut off, unless the run has a new owner, who may have other plans. */
async function abandon(frame: Frame, node: TaskProgress): Promise<void> {
  const { ports } = frame;
  const state = node.body as RunState;
  state.cut = true;
  frame.record();
  await ports.recorded();
  const stop = ports.interruption();
  if (stop === 'lost' || stop === 'cancelled') throw new Unwind({ kind: 'interrupted', reason: stop });
  await ports.children.cancel(state.childId);
  delete node.body;
}

async function start(self: RunWorkflow, frame: Frame, input: Json, state: RunState): Promise<void> {
  const { run, ports, bounds } = frame;
  const data = self.input === null ? input : frame.evaluate(self.input, input);
  if (self.awaits) run.progress.children = true;
  frame.record();
  await run.interruptible(ports.recorded(), bounds);
  run.wake();
  bounds.check();
  const { namespace, name, version, awaits } = self;
  const request = { id: state.childId, namespace, name, version, input: data, awaited: awaits };
  const started = await run.interruptible(ports.children.start(request), bounds);
  if (!started.ok) throw frame.fail('configuration', `The workflow cannot be run: ${started.problem}.`);
  state.started = true;
  frame.record();
  run.wake();
}

/** Until the end of the child signals the run. */
function waiting(frame: Frame, state: RunState): Unwind {
  if (state.told !== true) frame.report('task_waiting');
  state.told = true;
  return frame.park(NEVER_MS);
}

/** The child's own retries are behind it: its error is not retried by this run as a whole. */
function settle(frame: Frame, node: TaskProgress, child: ChildState): Json {
  switch (child.kind) {
    case 'succeeded':
      node.result = { value: child.output };
      frame.record();
      return child.output;
    case 'failed':
      throw new WorkflowError({ ...child.error, instance: frame.instance }, 'child');
    case 'cancelled':
      throw new WorkflowError(frame.fail('runtime', 'The run of the workflow was cancelled.').error, 'child');
    case 'active':
      throw new Error('an active child has no result');
  }
}

const isCut = (error: unknown): boolean => error instanceof Unwind && error.reason.kind === 'cut';
