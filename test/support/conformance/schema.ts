/** The official JSON schema of the language, as an oracle and as a list of what there is. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { isJsonObject, member } from '../../../lib/engine/json.ts';
import { parseDefinition } from '../../../lib/dsl/parse.ts';
import type { Json } from '../../../lib/engine/types.ts';
import { readText } from './directory.ts';

/** @throws {Error} when the text is not YAML */
export function parseYaml(text: string): Json {
  const parsed = parseDefinition(text, 'yaml', { maxBytes: 1 << 20 });
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.definition;
}

export const readSchema = (): Json => parseYaml(readText('schema/workflow.main.yaml'));

/** Says what is wrong with a definition; null when the schema accepts it. */
export function schemaOracle(): (definition: Json) => string | null {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  // ajv takes any object for a schema.
  const validate = ajv.compile(readSchema() as object);
  return (definition) => (validate(definition) ? null : ajv.errorsText(validate.errors));
}

/** The names of all properties that a schema defines, at any depth. */
export function propertyNames(schema: Json): Set<string> {
  const names = new Set<string>();
  walk(schema, (value) => {
    const properties = member(value, 'properties');
    if (isJsonObject(properties)) for (const name of Object.keys(properties)) names.add(name);
  });
  return names;
}

/** The names of all members of a value, at any depth. */
export function memberNames(value: Json): Set<string> {
  const names = new Set<string>();
  walk(value, (inner) => {
    if (isJsonObject(inner)) for (const name of Object.keys(inner)) names.add(name);
  });
  return names;
}

function walk(value: Json, visit: (value: Json) => void): void {
  visit(value);
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values<Json>(value)) walk(inner, visit);
}
