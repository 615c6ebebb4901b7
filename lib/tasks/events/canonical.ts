/** One text for every JSON value: equal values have equal texts, whatever the order of their members. */
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../../engine/types.ts';

/** @param value nested as deep as an evaluation allows, no deeper */
export function canonicalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  // -0 and 0 are equal: JSON.stringify writes both as 0.
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}
