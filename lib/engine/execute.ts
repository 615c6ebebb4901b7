/** Runs a compiled workflow from where its progress tree stands: the one way in. */
import type { CompiledWorkflow } from './compiled.ts';
import { runtimeDescriptor, workflowDescriptor } from './descriptors.ts';
import { isRetryable, WorkflowError } from './errors.ts';
import type { Evaluable } from './expression.ts';
import { localsOf } from './frame.ts';
import { newList, runList } from './list.ts';
import { Run } from './run.ts';
import type { EngineLimits, Json, ListProgress, Outcome, Ports, Progress, RunFacts } from './types.ts';
import { Unwind } from './unwind.ts';

/** The tree of a run that has not begun. */
export function newProgress(): Progress {
  return { format: 1, context: null, steps: 0, root: null };
}

/**
 * Runs until the workflow ends, waits or is interrupted.
 * @param progress is changed in place. At every await, and at every call of a port, it is a place to resume from;
 *   after the outcomes `failed`, `parked` and `interrupted` it is where the next execution goes on.
 * @returns how it ended. Rejects only when a port fails, or for a bug.
 */
export async function execute(
  workflow: CompiledWorkflow,
  facts: RunFacts,
  progress: Progress,
  ports: Ports,
  limits: EngineLimits,
): Promise<Outcome> {
  const run = new Run(workflow, facts, progress, ports, limits);
  try {
    return { kind: 'succeeded', output: await runWorkflow(run) };
  } catch (error) {
    if (error instanceof WorkflowError) {
      return { kind: 'failed', error: error.error, retryable: isRetryable(error) };
    }
    if (!(error instanceof Unwind) || error.reason.kind === 'ended') throw error;
    return error.reason;
  }
}

async function runWorkflow(run: Run): Promise<Json> {
  const { workflow, facts, progress } = run;
  run.wake();
  progress.root ??= newList(workflow.list, transform(run, workflow.input, facts.input, '/input'));
  const output = await runRoot(run, progress.root);
  return transform(run, workflow.output, output, '/output');
}

/** Gives the output of the last task, or that of the task with `then: end`. */
async function runRoot(run: Run, root: ListProgress): Promise<Json> {
  const place = { locals: localsOf(), iteration: [], attempt: 1, key: run.facts.runId };
  try {
    return await runList(run, run.workflow.list, root, place);
  } catch (error) {
    if (!(error instanceof Unwind) || error.reason.kind !== 'ended') throw error;
    return run.progress.root?.data ?? null;
  }
}

/** The workflow's own `input.from` and `output.as`. */
function transform(run: Run, how: Evaluable | null, data: Json, instance: string): Json {
  if (how === null) return data;
  const { facts, ports, progress, workflow } = run;
  return how.evaluate(data, {
    instance,
    limits: run.limits.expression ?? {},
    nowMs: () => ports.now(),
    variable(name) {
      if (name === 'context') return progress.context;
      if (name === 'workflow') return workflowDescriptor(facts, workflow.definition);
      return name === 'runtime' ? runtimeDescriptor(facts) : null;
    },
  });
}
