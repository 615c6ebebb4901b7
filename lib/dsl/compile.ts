/** Compiles a definition once: expressions parsed, flow resolved, durations read, pointers made. */
import type { CompiledWorkflow } from '../engine/compiled.ts';
import { compileTransform, RUNTIME_VARIABLES } from '../engine/expression.ts';
import { member } from '../engine/json.ts';
import type { Json } from '../jq/index.ts';
import { TASK_MODULES } from '../tasks/index.ts';
import type { TaskModule } from '../tasks/types.ts';
import { compileList } from './compile-list.ts';

/**
 * @param definition a valid definition: parsed, validated and published
 * @param modules the task types there are
 * @throws {Error} when it is not valid after all, which is a bug
 */
export function compileWorkflow(
  definition: Json,
  modules: readonly TaskModule[] = TASK_MODULES,
): CompiledWorkflow {
  const transform = (section: string, key: string) => {
    const value = member(member(definition, section), key);
    return value === undefined ? null : compileTransform(value, RUNTIME_VARIABLES);
  };
  const use = member(definition, 'use') ?? {};
  const scope = { pointer: '', use, variables: RUNTIME_VARIABLES, modules };
  return {
    definition,
    input: transform('input', 'from'),
    output: transform('output', 'as'),
    list: compileList(member(definition, 'do') ?? null, 'do', scope),
  };
}
