/** `foreach` of a `listen`: tasks for each event that was consumed (dsl-reference, Subscription Iterator). */
import type { CompiledList, SchemaCheck } from '../../engine/compiled.ts';
import type { Frame } from '../../engine/frame.ts';
import { localsOf, type Locals } from '../../engine/variables.ts';
import { member } from '../../engine/json.ts';
import { runList } from '../../engine/list.ts';
import type { ListProgress } from '../../engine/types.ts';
import type { CompileContext, Evaluable, Json } from '../types.ts';

export interface Foreach {
  /** Names of the variables that hold the event as it was read, and its index. */
  item: string;
  at: string;
  list: CompiledList;
  /** `output.as` and `export.as` */
  output: Evaluable | null;
  context: Evaluable | null;
  outputSchema: SchemaCheck | null;
  contextSchema: SchemaCheck | null;
}

export function compileForeach(definition: Json, context: CompileContext): Foreach {
  const name = (key: string, fallback: string): string => {
    const value = member(definition, key);
    return typeof value === 'string' ? value : fallback;
  };
  const [item, at] = [name('item', 'item'), name('at', 'index')];
  const transform = (of: 'output' | 'export') => {
    const value = member(member(definition, of), 'as');
    return value === undefined ? null : context.transform(value, [item, at]);
  };
  const schema = (of: 'output' | 'export') =>
    context.schema(member(member(definition, of), 'schema'), `foreach/${of}/schema`);
  return {
    item,
    at,
    list: context.list(member(definition, 'do') ?? [], 'foreach/do', [item, at]),
    output: transform('output'),
    context: transform('export'),
    outputSchema: schema('output'),
    contextSchema: schema('export'),
  };
}

/** What is left of one iteration. */
export interface Iteration {
  index: number;
  /** The event as it was read: the raw input of the first task. */
  item: Json;
  node: ListProgress;
}

/**
 * Runs the tasks for one event. The tree is not changed beyond the list's own node.
 * @returns the transformed output, and the new `$context` if there is an `export.as`
 * @throws {WorkflowError} that of a task, or of a stage
 * @throws {Unwind}
 */
export async function runIteration(
  self: Foreach,
  frame: Frame,
  { index, item, node }: Iteration,
): Promise<{ output: Json; context?: Json }> {
  const locals = localsOf({ [self.item]: item }, { [self.at]: index });
  const raw = await runList(frame.run, self.list, node, frame.inside({ locals, iteration: index }));
  const output = await stage(frame, self.output, raw, locals);
  checkValue(frame, self.outputSchema, output, 'output');
  if (self.context === null) return { output };
  const context = await stage(frame, self.context, output, localsOf({ output }, locals));
  checkValue(frame, self.contextSchema, context, 'export');
  return { output, context };
}

async function stage(frame: Frame, what: Evaluable | null, data: Json, locals: Locals): Promise<Json> {
  if (what === null) return data;
  const turn = frame.run.breathe();
  if (turn !== undefined) await turn;
  return frame.evaluate(what, data, locals);
}

function checkValue(frame: Frame, schema: SchemaCheck | null, value: Json, of: 'output' | 'export'): void {
  const problem = schema?.problem(value) ?? null;
  if (problem === null) return;
  const what = of === 'output' ? 'transformed output of an event' : 'new context';
  throw frame.fail('validation', `The ${what} does not match \`foreach.${of}.schema\`: ${problem}`);
}
