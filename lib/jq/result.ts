/** What leaves an evaluation: finite numbers, bounded size and nesting. */
import { JqLimitError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { setMember } from './json.ts';
import type { Meter } from './limits.ts';
import { copyObject } from './operators.ts';

/** Counted per element and member of a result, about what its text needs beside keys and strings. */
const MEMBER_TEXT_BYTES = 4;
/** So many elements or members count as so many steps. */
const PARTS_PER_TICKS = 256;
const TICKS = 16;
/** Counted per container, so that shared parts that come again and again run out of bytes before steps. */
const CONTAINER_BYTES = 16;

/**
 * A result as JSON can hold it: NaN becomes null and an infinity the largest number, in copies, so that a value
 * reads the same before and after it was stored. Also counts size and nesting of the whole tree.
 */
export function finiteJson(value: Json, meter: Meter, depth = 0): Json {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    if (Number.isNaN(value)) return null;
    return value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
  }
  if (typeof value === 'string') meter.charge(value.length);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= meter.limits.maxDepth) throw new JqLimitError('depth', meter.limits.maxDepth);
  meter.tick();
  meter.charge(CONTAINER_BYTES);
  if (Array.isArray(value)) return finiteArray(value, meter, depth);
  let copy: JsonObject | null = null;
  for (const [index, key] of Object.keys(value).entries()) {
    if (index % PARTS_PER_TICKS === PARTS_PER_TICKS - 1) meter.tick(TICKS);
    meter.charge(MEMBER_TEXT_BYTES + key.length);
    const before = value[key] ?? null;
    const after = finiteJson(before, meter, depth + 1);
    if (after === before) continue;
    copy ??= copyObject(value, meter);
    setMember(copy, key, after);
  }
  return copy ?? value;
}

function finiteArray(value: Json[], meter: Meter, depth: number): Json[] {
  let copy: Json[] | null = null;
  meter.charge(MEMBER_TEXT_BYTES * value.length);
  for (let index = 0; index < value.length; index++) {
    if (index % PARTS_PER_TICKS === PARTS_PER_TICKS - 1) meter.tick(TICKS);
    const before = value[index] ?? null;
    const after = finiteJson(before, meter, depth + 1);
    if (after === before) continue;
    copy ??= [...value];
    copy[index] = after;
  }
  return copy ?? value;
}
