/** Compiles a definition once: expressions parsed, flow resolved, durations read, pointers made. */
import type { CompiledWorkflow } from '../engine/compiled.ts';
import { compileTransform, RUNTIME_VARIABLES } from '../engine/expression.ts';
import { member } from '../engine/json.ts';
import type { Json } from '../jq/index.ts';
import { TASK_MODULES } from '../tasks/index.ts';
import type { TaskModule } from '../tasks/types.ts';
import { compileExtensions } from './compile/extensions.ts';
import { compileList, compileTimeout } from './compile/list.ts';
import { compileSchema } from './compile/schema.ts';
import type { CompileScope } from './compile/scope.ts';

/**
 * @param definition a valid definition: parsed, validated and published
 * @param modules the task types there are
 * @param resources texts of external resources, by the JSON pointer of what names them
 * @throws {Error} when it is not valid after all, which is a bug
 */
export function compileWorkflow(
  definition: Json,
  modules: readonly TaskModule[] = TASK_MODULES,
  resources: ReadonlyMap<string, string> = new Map(),
): CompiledWorkflow {
  const plain: CompileScope = {
    pointer: '',
    use: member(definition, 'use') ?? {},
    variables: RUNTIME_VARIABLES,
    mode: member(member(definition, 'evaluate'), 'mode') === 'loose' ? 'loose' : 'strict',
    modules,
    resources,
    extensions: [],
    functions: new Map(),
  };
  const scope = { ...plain, extensions: compileExtensions({ ...plain, functions: new Map() }) };
  const transform = (section: 'input' | 'output', key: 'from' | 'as') => {
    const value = member(member(definition, section), key);
    return value === undefined ? null : compileTransform(value, scope.variables, scope.mode);
  };
  const schema = (of: 'input' | 'output') =>
    compileSchema(
      member(member(definition, of), 'schema'),
      (path) => resources.get(`/${path}`) ?? null,
      `${of}/schema`,
    );
  const secrets = member(scope.use, 'secrets');
  return {
    definition,
    input: transform('input', 'from'),
    output: transform('output', 'as'),
    inputSchema: schema('input'),
    outputSchema: schema('output'),
    timeout: compileTimeout(member(definition, 'timeout'), scope),
    secrets: Array.isArray(secrets) ? secrets.filter((name) => typeof name === 'string') : [],
    list: compileList(member(definition, 'do') ?? null, 'do', scope),
  };
}
