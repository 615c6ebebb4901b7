/** Runs a compiled workflow from where its progress tree stands: the one way in. */
import { Bounds } from './bounds.ts';
import type { CompiledWorkflow, SchemaCheck } from './compiled.ts';
import { runtimeDescriptor, workflowDescriptor } from './descriptors.ts';
import { isRetryable, standardError, WorkflowError } from './errors.ts';
import type { Evaluable, Scope } from './expression.ts';
import { localsOf, secretsOf } from './variables.ts';
import { runList } from './list.ts';
import { Run } from './run.ts';
import { newList } from './tree.ts';
import type { EngineLimits, Json, ListProgress, Outcome, Ports, Progress, RunFacts } from './types.ts';
import { Unwind } from './unwind.ts';

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
  const { bounds, release } = Bounds.around(ports.signal, () => ports.interruption() ?? 'shutdown');
  try {
    return { kind: 'succeeded', output: await runTimed(run, bounds) };
  } catch (error) {
    if (error instanceof WorkflowError) {
      return { kind: 'failed', error: error.error, retryable: isRetryable(error) };
    }
    if (!(error instanceof Unwind)) throw error;
    const { reason } = error;
    if (reason.kind === 'parked' || reason.kind === 'interrupted') return reason;
    throw error;
  } finally {
    release();
  }
}

/** Within the workflow's own timeout, which no `try` catches: it interrupts, and it is final. */
async function runTimed(run: Run, around: Bounds): Promise<Json> {
  await run.begin();
  const { workflow, facts, progress, ports } = run;
  if (workflow.timeout === null) return runWorkflow(run, around);
  const startedAtMs = Math.ceil(facts.startedAtMs);
  progress.untilMs ??= startedAtMs + workflow.timeout.milliseconds(facts.input, scopeOf(run, '/timeout'));
  const limitMs = progress.untilMs - startedAtMs;
  const bounds = around.inside(ports, progress.untilMs);
  try {
    return await runWorkflow(run, bounds);
  } catch (error) {
    if (!bounds.ended(error)) throw error;
    const detail = `The workflow took longer than its timeout of ${limitMs} ms.`;
    throw new WorkflowError(standardError('timeout', detail, '/'), 'task');
  } finally {
    bounds.close();
  }
}

async function runWorkflow(run: Run, bounds: Bounds): Promise<Json> {
  const { workflow, progress } = run;
  progress.root ??= newList(workflow.list, begin(run));
  const output = await runRoot(run, progress.root, bounds);
  const result = transform(run, workflow.output, output, '/output');
  check(workflow.outputSchema, result, 'output');
  return result;
}

/** `input.schema` on the raw input, then `input.from`. */
function begin(run: Run): Json {
  const { workflow, facts } = run;
  check(workflow.inputSchema, facts.input, 'input');
  return transform(run, workflow.input, facts.input, '/input');
}

function check(schema: SchemaCheck | null, value: Json, of: 'input' | 'output'): void {
  const problem = schema?.problem(value) ?? null;
  if (problem === null) return;
  const what = of === 'input' ? 'raw input' : 'transformed output';
  const detail = `The ${what} of the workflow does not match \`${of}.schema\`: ${problem}`;
  throw new WorkflowError(standardError('validation', detail, `/${of}`), 'task');
}

/** Gives the output of the last task, or that of the task with `then: end`. */
async function runRoot(run: Run, root: ListProgress, bounds: Bounds): Promise<Json> {
  const place = {
    locals: localsOf(),
    iteration: [],
    attempt: 1,
    key: run.facts.runId,
    holder: run.progress,
    bounds,
    depth: 0,
    branch: null,
  };
  try {
    return await runList(run, run.workflow.list, root, place);
  } catch (error) {
    if (!(error instanceof Unwind) || error.reason.kind !== 'ended') throw error;
    return run.progress.root?.data ?? null;
  }
}

/** The workflow's own `input.from` and `output.as`. */
const transform = (run: Run, how: Evaluable | null, data: Json, instance: string): Json =>
  how === null ? data : how.evaluate(data, scopeOf(run, instance));

/** What the expressions of the workflow itself see (dsl.md, Runtime Expression Arguments). */
function scopeOf(run: Run, instance: string): Scope {
  const { facts, ports, progress, workflow } = run;
  return {
    instance,
    limits: run.limits.expression ?? {},
    nowMs: () => ports.now(),
    variable(name) {
      switch (name) {
        case 'context':
          return progress.context;
        case 'workflow':
          return workflowDescriptor(facts, workflow.definition);
        case 'runtime':
          return runtimeDescriptor(facts);
        case 'secrets':
        case 'secret':
          return secretsOf(facts, instance);
        default:
          return null;
      }
    },
  };
}
