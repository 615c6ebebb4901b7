/** Short ways to hold a value against a schema. */
import {
  compileJsonSchema,
  type CompileProblem,
  type JsonSchema,
  type SchemaProblem,
} from '../../../lib/json-schema/index.ts';
import type { Json } from '../../../lib/jq/index.ts';

/** JSON text keeps an own `__proto__`, which an object literal would not. */
export const json = (text: string): Json => JSON.parse(text) as Json; // JSON text gives JSON

export function schemaOf(schema: Json): JsonSchema {
  const compiled = compileJsonSchema(schema);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.schema;
}

export const problemsOf = (schema: Json, value: Json): SchemaProblem[] => schemaOf(schema).validate(value);

export const isValid = (schema: Json, value: Json): boolean => problemsOf(schema, value).length === 0;

/** "path: message" of each problem. */
export const texts = (schema: Json, value: Json): string[] =>
  problemsOf(schema, value).map(({ path, message }) => `${path}: ${message}`);

/** What is wrong with a schema itself. */
export function mistakes(schema: Json): CompileProblem[] {
  const compiled = compileJsonSchema(schema);
  return compiled.ok ? [] : compiled.problems;
}
