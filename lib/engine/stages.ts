/** The stages of a task around its body. Each may take a time slice, so the event loop gets a turn between them. */
import type { SchemaCheck } from './compiled.ts';
import type { Evaluable } from './expression.ts';
import type { Frame } from './frame.ts';
import type { Json } from './types.ts';

/** Evaluates one stage. @throws {WorkflowError} of type expression */
export async function stage(frame: Frame, what: Evaluable, data: Json): Promise<Json> {
  const turn = frame.run.breathe();
  if (turn !== undefined) await turn;
  return frame.evaluate(what, data);
}

/**
 * Checks a value against a schema of the task.
 * @param of the section of the task that has the schema
 * @throws {WorkflowError} of type validation
 */
export async function checkSchema(
  frame: Frame,
  schema: SchemaCheck | null,
  value: Json,
  of: 'input' | 'output' | 'export',
): Promise<void> {
  if (schema === null) return;
  const turn = frame.run.breathe();
  if (turn !== undefined) await turn;
  const problem = schema.problem(value);
  if (problem === null) return;
  const what = { input: 'raw input', output: 'transformed output', export: 'new context' }[of];
  throw frame.fail('validation', `The ${what} does not match \`${of}.schema\`: ${problem}`);
}
