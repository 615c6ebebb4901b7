/** Counts what the arguments of a call would become, before anything is made of them (see wire-bounds.ts). */
import { type DescField, type DescMessage, type Registry } from '@bufbuild/protobuf';
import { isJsonObject, member } from '../../engine/json.ts';
import type { Json } from '../types.ts';
import { MAX_WEIGHT, messageWeight } from './weight.ts';

/** A part of a value, and the message type that it is to become; null for what is no message. */
interface Part {
  value: Json;
  schema: DescMessage | null;
}

/** Whether the messages together are too much. A part that does not fit its type is for the encoder to refuse. */
export function isTooMuch(schema: DescMessage, messages: readonly Json[], registry: Registry): boolean {
  let weight = 0;
  const open: Part[] = messages.map((value) => ({ value, schema }));
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    weight += part.schema === null ? 1 : messageWeight(part.schema);
    if (weight > MAX_WEIGHT) return true;
    pushParts(part, registry, open);
  }
  return false;
}

function pushParts({ value, schema }: Part, registry: Registry, open: Part[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (schema === null || !isJsonObject(value)) {
    for (const item of Object.values(value)) open.push({ value: item, schema: null });
    return;
  }
  const inner = schema.typeName === 'google.protobuf.Any' ? anyOf(value, registry) : schema;
  const fields = inner === null ? new Map<string, DescField>() : fieldsOf(inner);
  for (const [name, item] of Object.entries(value)) {
    const field = fields.get(name);
    const message = field?.message ?? null;
    const several = field?.fieldKind === 'list' || field?.fieldKind === 'map';
    const items = several && typeof item === 'object' && item !== null ? Object.values(item) : [item];
    for (const each of items) open.push({ value: each, schema: message });
  }
}

/** `@type`: a URL that ends with the name of the type (ProtoJSON, Any). */
function anyOf(value: Json, registry: Registry): DescMessage | null {
  const url = member(value, '@type');
  return typeof url === 'string' ? (registry.getMessage(url.slice(url.lastIndexOf('/') + 1)) ?? null) : null;
}

const known = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The fields of a message by both of their names. */
export function fieldsOf(schema: DescMessage): ReadonlyMap<string, DescField> {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const fields = new Map<string, DescField>();
  for (const field of schema.fields) fields.set(field.name, field).set(field.jsonName, field);
  known.set(schema, fields);
  return fields;
}
