/** The objects behind `$task`, `$workflow` and `$runtime` (dsl.md, Runtime Expression Arguments). */
import type { Json } from '../jq/index.ts';
import type { CompiledTask } from './compiled.ts';
import type { RunFacts } from './types.ts';

/** The language's date descriptor of an instant in epoch milliseconds. */
function dateDescriptor(ms: number): Json {
  const milliseconds = Math.floor(ms);
  return {
    iso8601: new Date(milliseconds).toISOString(),
    epoch: { seconds: Math.floor(milliseconds / 1000), milliseconds },
  };
}

/** `$workflow`; the input is the raw one. */
export function workflowDescriptor(facts: RunFacts, definition: Json): Json {
  return {
    id: facts.runId,
    definition,
    input: facts.input,
    startedAt: dateDescriptor(facts.startedAtMs),
  };
}

/** `$runtime` */
export function runtimeDescriptor(facts: RunFacts): Json {
  return { name: facts.runtime.name, version: facts.runtime.version, metadata: {} };
}

/** `$task`; input and output are the raw ones, the output null until there is one. */
export function taskDescriptor(
  task: CompiledTask,
  facts: { input: Json; output: Json; startedAtMs: number; idempotencyKey: string },
): Json {
  return {
    name: task.name,
    reference: task.pointer,
    definition: task.definition,
    input: facts.input,
    output: facts.output,
    startedAt: dateDescriptor(facts.startedAtMs),
    idempotencyKey: facts.idempotencyKey,
  };
}
