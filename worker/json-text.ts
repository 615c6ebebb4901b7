/**
 * JSON text within a bound. Values of a run share parts (`{ a: ${ . }, b: ${ . } }`, often enough), so a text can be
 * exponentially longer than what it is made of takes in memory: it is measured before it is made.
 */

/** Nesting that JSON.stringify and Postgres can still follow, with room for the tree around a value. */
const MAX_DEPTH = 1000;

/** What the text takes at least, up to `maxBytes`; strings count by their UTF-16 units. */
function fits(root: unknown, maxBytes: number): boolean {
  const values: unknown[] = [root];
  const depths: number[] = [0];
  let bytes = 0;
  while (values.length > 0) {
    const value = values.pop();
    const depth = depths.pop() ?? 0;
    if (typeof value === 'string') bytes += value.length + 2;
    else if (typeof value !== 'object' || value === null) bytes += 1;
    else {
      const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
      if (!Array.isArray(value)) for (const key of Object.keys(value)) bytes += key.length + 3;
      bytes += members.length + 1;
      if (depth >= MAX_DEPTH || bytes > maxBytes) return false;
      for (const member of members) {
        values.push(member);
        depths.push(depth + 1);
      }
    }
    if (bytes > maxBytes) return false;
  }
  return true;
}

/** The JSON text of `value`; null when it is longer than `maxBytes` in UTF-8, or nested too deeply. */
export function jsonTextWithin(value: unknown, maxBytes: number): string | null {
  if (!fits(value, maxBytes)) return null;
  const text = JSON.stringify(value);
  return Buffer.byteLength(text) <= maxBytes ? text : null;
}
