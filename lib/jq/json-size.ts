/** The size of a value's JSON text, found without writing the text. */
import type { Json } from './json.ts';

/** Deeper values count as too large: JSON.stringify itself recurses and would run out of stack. */
const MAX_NESTING = 2000;

/** Bytes of a UTF-16 unit in a JSON string; a surrogate that stands alone is escaped. */
function unitBytes(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit === 0x22 || unit === 0x5c) return 2;
  if (unit >= 0x20 && unit < 0x80) return 1;
  if (unit < 0x20) return (unit >= 8 && unit <= 10) || unit === 12 || unit === 13 ? 2 : 6;
  if (unit < 0x800) return 2;
  if (unit < 0xd800 || unit > 0xdfff) return 3;
  const leads = unit < 0xdc00;
  const other = text.charCodeAt(leads ? index + 1 : index - 1);
  const paired = leads ? other >= 0xdc00 && other <= 0xdfff : other >= 0xd800 && other < 0xdc00;
  return paired ? 2 : 6;
}

function stringBytes(text: string, maxBytes: number): number {
  let bytes = text.length + 2;
  for (let index = 0; index < text.length && bytes <= maxBytes; index++) bytes += unitBytes(text, index) - 1;
  return bytes;
}

function numberBytes(value: number): number {
  if (!Number.isFinite(value)) return 4;
  if (Object.is(value, -0)) return 1;
  return value >= 0 && value < 10 && Number.isInteger(value) ? 1 : String(value).length;
}

/** Like {@link jsonSizeAtMost}; every turn of a loop counts a byte at least, so the work is bounded by maxBytes. */
function sizeAt(value: Json, maxBytes: number, depth: number): number {
  if (typeof value === 'string') return stringBytes(value, maxBytes);
  if (typeof value === 'number') return numberBytes(value);
  if (typeof value !== 'object' || value === null) return value === false ? 5 : 4;
  if (depth > MAX_NESTING) return maxBytes + 1;
  // Each member brings its comma, so the first one pays for the closing bracket already.
  let bytes = 1;
  if (Array.isArray(value)) {
    bytes += Math.max(value.length, 1);
    for (let index = 0; index < value.length && bytes <= maxBytes; index++) {
      bytes += sizeAt(value[index] ?? null, maxBytes - bytes, depth + 1);
    }
    return bytes;
  }
  let isEmpty = true;
  for (const key in value) {
    isEmpty = false;
    bytes += 2 + stringBytes(key, maxBytes - bytes);
    if (bytes <= maxBytes) bytes += sizeAt(value[key] ?? null, maxBytes - bytes, depth + 1);
    if (bytes > maxBytes) break;
  }
  return isEmpty ? 2 : bytes;
}

/**
 * The bytes of UTF-8 of `JSON.stringify(value)`, or some number above `maxBytes` as soon as they exceed it. Builds no
 * text and takes time in proportion to `maxBytes` at most, even for a value whose parts are shared so often that
 * its text would be of exponential size. A value of more than 2000 levels counts as too large.
 */
export function jsonSizeAtMost(value: Json, maxBytes: number): number {
  return sizeAt(value, maxBytes, 0);
}
