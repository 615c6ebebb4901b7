/** The few facts of a JSON schema that decide how a body is sent: its properties, one level deep. */
import { member } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import { membersOf } from './members.ts';
import type { References } from './reference.ts';

/** Schemas that are looked at for one body; what is beyond has no say. */
const MAX_SCHEMAS = 500;

/** The properties of a schema and of what it is composed of (`allOf`, `anyOf`, `oneOf`). */
export function propertiesOf(schema: Json | undefined, references: References): Map<string, Json> {
  const properties = new Map<string, Json>();
  const seen = new Set<Json>();
  const open: (Json | undefined)[] = [schema];
  for (const next of open) {
    if (seen.size === MAX_SCHEMAS) break;
    const known = references.followIfPossible(next);
    if (known === undefined || seen.has(known)) continue;
    seen.add(known);
    for (const [name, property] of membersOf(member(known, 'properties'))) {
      if (!properties.has(name)) properties.set(name, property);
    }
    for (const key of ['allOf', 'anyOf', 'oneOf']) {
      const parts = member(known, key);
      if (Array.isArray(parts) && open.length < MAX_SCHEMAS) open.push(...parts.slice(0, MAX_SCHEMAS));
    }
  }
  return properties;
}

/** Whether a property is a file: `format: binary` (3.0) or a `contentMediaType` without encoding (3.1), or a list of them. */
export function isFile(property: Json, references: References): boolean {
  const schema = references.followIfPossible(property);
  const item = references.followIfPossible(member(schema, 'items') ?? schema);
  return (
    member(item, 'format') === 'binary' ||
    (member(item, 'contentMediaType') !== undefined && member(item, 'contentEncoding') === undefined)
  );
}
