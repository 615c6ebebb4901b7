/** Definitions for tests, written as YAML. */
import { parseDefinition } from '../../../lib/dsl/parse.ts';
import { validateDefinition, type Problem } from '../../../lib/dsl/validate.ts';
import type { Json } from '../../../lib/jq/index.ts';

const DOCUMENT = "document: { dsl: '1.0.3', namespace: test, name: test, version: '1.0.0' }";

/** Parses YAML that the test's author means to be right. */
export function yaml(text: string): Json {
  const parsed = parseDefinition(text, 'yaml', { maxBytes: 4 << 20 });
  if (!parsed.ok) throw new Error(`the test's own YAML is broken: ${parsed.message}`);
  return parsed.definition;
}

/** A definition with a good `document` and the rest as given. */
export const workflow = (rest: string): Json => yaml(`${DOCUMENT}\n${rest}`);

/** A definition whose task list is given: `- name: …`, without indentation. */
export const tasks = (list: string): Json => workflow(`do:\n${list}`);

const lines = (problems: readonly Problem[]): string[] =>
  problems.map(({ path, message }) => `${path}: ${message}`);

/** Every error as "path: message". */
export const errorsOf = (definition: Json): string[] => lines(validateDefinition(definition).errors);

/** Every warning as "path: message", for a definition without errors. */
export function warningsOf(definition: Json): string[] {
  const { errors, warnings } = validateDefinition(definition);
  return errors.length > 0 ? [`has errors: ${lines(errors).join('; ')}`] : lines(warnings);
}
