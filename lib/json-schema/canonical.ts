/** Equality of JSON values (core 4.2.2) by text: equal values, and only they, have the same one. */
import type { Json } from '../jq/index.ts';
import type { Meter } from '../jq/limits.ts';

export type Canonical = string;

/** From here on the comparisons are counted, not the members. */
const MANY_KEYS = 1000;

/**
 * The text of a value with the members of objects in order; finding equal values among many is then a look-up.
 * @param meter counts the work and the text; null for the values of a schema, whose size is bounded elsewhere
 * @throws {JqLimitError}
 */
export function canonicalText(value: Json, meter: Meter | null): Canonical {
  meter?.tick();
  if (typeof value === 'string') {
    meter?.tick(value.length >> 6);
    meter?.charge(value.length * 2);
    return JSON.stringify(value);
  }
  // Both zeros are written as 0.
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, meter)).join(',')}]`;
  const keys = Object.keys(value);
  // Before they are sorted, which nothing interrupts.
  meter?.tick(keys.length < MANY_KEYS ? keys.length : keys.length * Math.ceil(Math.log2(keys.length)));
  keys.sort();
  const members = keys.map(
    (key) => `${canonicalText(key, meter)}:${canonicalText(value[key] ?? null, meter)}`,
  );
  return `{${members.join(',')}}`;
}
