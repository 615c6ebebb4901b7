/** Runs a published workflow to its end in the interpreter, through parking and timers. */
import { compileWorkflow } from '../../../lib/dsl/compile.ts';
import { execute } from '../../../lib/engine/execute.ts';
import { newProgress } from '../../../lib/engine/tree.ts';
import type { DslError, Json, Progress, Secrets } from '../../../lib/engine/types.ts';
import { TASK_MODULES } from '../../../lib/tasks/index.ts';
import { FakePorts } from '../engine-ports.ts';
import { arrive } from '../engine-run.ts';
import type { Published } from './publish.ts';

const MAX_EXECUTIONS = 100;
const LIMITS = { maxSteps: 1000, callTimeoutMs: 60_000 };

export interface Situation {
  input?: Json;
  secrets?: { [name: string]: Json };
  ports?: FakePorts;
}

export type End = { kind: 'completed'; output: Json } | { kind: 'faulted'; error: DslError };

/** An end with an error, as far as its expected members go. */
export function endLike(end: End, expected: { [member: string]: Json } | undefined): object {
  if (end.kind === 'completed' || expected === undefined) return end;
  const members = Object.entries(end.error).filter(([name]) => Object.hasOwn(expected, name));
  return { kind: 'faulted', error: Object.fromEntries(members) };
}

/**
 * One attempt of a run: what the DSL's own `retry` does is in it, what the platform does after a failed attempt is
 * not. At each park the tree goes through JSON, as through the database.
 * @throws {Error} when the run does not come to an end
 */
export async function runToEnd(
  { definition, resources }: Published,
  { input = null, secrets = {}, ports = new FakePorts() }: Situation,
): Promise<End> {
  const compiled = compileWorkflow(definition, TASK_MODULES, resources);
  const facts = {
    runId: '01890000-0000-7000-8000-000000000001',
    input,
    startedAtMs: ports.clockMs,
    runtime: { name: 'vespid', version: '0.1.0' },
    secrets: secretsFor(compiled.secrets, secrets),
  };
  let progress = newProgress();
  for (let count = 0; count < MAX_EXECUTIONS; count += 1) {
    const outcome = await execute(compiled, facts, progress, ports, LIMITS);
    if (outcome.kind === 'succeeded') return { kind: 'completed', output: outcome.output };
    if (outcome.kind === 'failed') return { kind: 'faulted', error: outcome.error };
    if (outcome.kind === 'interrupted') throw new Error(`interrupted: ${outcome.reason}`);
    arrive(ports, outcome.untilMs);
    // What was serialised a line above is a tree again.
    progress = JSON.parse(JSON.stringify(progress)) as Progress;
  }
  throw new Error(`the run has not ended after ${MAX_EXECUTIONS} executions`);
}

/** As the worker gives them: what `use.secrets` lists, and nothing else. */
function secretsFor(names: readonly string[], secrets: { [name: string]: Json }): Secrets {
  const [known, missing] = [true, false].map((isKnown) =>
    names.filter((name) => Object.hasOwn(secrets, name) === isKnown),
  );
  const values = (known ?? []).map((name): [string, Json] => [name, secrets[name] ?? null]);
  return { values: Object.fromEntries(values), missing: missing ?? [] };
}
