/** jq's order and equality of values, without recursion, counted by a meter. */
import { fail } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject, member } from './json.ts';
import type { Meter } from './limits.ts';
import { includesText } from './search.ts';

/** Compares strings by code point (UTF-16 order puts astral characters before U+E000). */
function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    let a = left.charCodeAt(index);
    let b = right.charCodeAt(index);
    if (a === b) continue;
    if (a >= 0xd800 && b >= 0xd800) {
      a += a >= 0xe000 ? -0x800 : 0x2000;
      b += b >= 0xe000 ? -0x800 : 0x2000;
    }
    return a - b;
  }
  return left.length - right.length;
}

/** The own keys in jq's order. */
export function sortedKeys(value: JsonObject, meter: Meter): string[] {
  return Object.keys(value).sort((left, right) => {
    meter.tick(1 + (Math.min(left.length, right.length) >> 6));
    return compareStrings(left, right);
  });
}

function rank(value: Json): number {
  if (value === null) return 0;
  if (value === false) return 1;
  if (value === true) return 2;
  if (typeof value === 'number') return 3;
  if (typeof value === 'string') return 4;
  return Array.isArray(value) ? 5 : 6;
}

/** Two lists under comparison and what decides when all pairs are equal. */
interface Frame {
  left: Json[];
  right: Json[];
  index: number;
  tail: number;
}

function compareScalars(left: Json, right: Json, meter: Meter): number {
  if (typeof left === 'number' && typeof right === 'number') {
    if (Number.isNaN(left)) return -1;
    if (Number.isNaN(right)) return 1;
    return left - right || (left < right ? -1 : left > right ? 1 : 0);
  }
  if (typeof left === 'string' && typeof right === 'string') {
    meter.tick(Math.min(left.length, right.length) >> 6);
    return compareStrings(left, right);
  }
  return rank(left) - rank(right);
}

function compareKeys(left: string[], right: string[], meter: Meter): number {
  for (let index = 0; index < left.length && index < right.length; index++) {
    meter.tick();
    const order = compareStrings(left[index] ?? '', right[index] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Beyond this depth a list of frames takes the place of recursion. */
const MAX_RECURSION = 100;

/**
 * Compares two values in jq's order: null, false, true, numbers (NaN first), strings, arrays, objects.
 * Raises jq's "Comparison too deep" beyond the depth limit.
 * @returns a number below, equal to or above 0
 */
export function compareValues(left: Json, right: Json, meter: Meter): number {
  return compareAt(left, right, 0, meter);
}

function compareAt(left: Json, right: Json, depth: number, meter: Meter): number {
  meter.tick();
  if (depth > meter.limits.maxDepth) fail('Comparison too deep');
  const lists = comparedLists(left, right, meter);
  if (typeof lists === 'number') return lists;
  if (depth > MAX_RECURSION) return compareDeep(lists, depth, meter);
  for (let index = 0; index < lists.left.length && index < lists.right.length; index++) {
    const order = compareAt(lists.left[index] ?? null, lists.right[index] ?? null, depth + 1, meter);
    if (order !== 0) return order;
  }
  return lists.tail;
}

/** The order of two values, or the lists of their children that decide it. */
function comparedLists(left: Json, right: Json, meter: Meter): Frame | number {
  if (Array.isArray(left) && Array.isArray(right)) {
    return { left, right, index: 0, tail: left.length - right.length };
  }
  if (!isObject(left) || !isObject(right)) return compareScalars(left, right, meter);
  const keysLeft = sortedKeys(left, meter);
  const keysRight = sortedKeys(right, meter);
  const order = compareKeys(keysLeft, keysRight, meter);
  if (order !== 0) return order;
  const children = (of: JsonObject): Json[] =>
    keysLeft.map((key) => {
      meter.tick();
      return of[key] ?? null;
    });
  return { left: children(left), right: children(right), index: 0, tail: 0 };
}

function compareDeep(lists: Frame, depth: number, meter: Meter): number {
  const frames: Frame[] = [lists];
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    const index = frame.index++;
    if (index >= frame.left.length || index >= frame.right.length) {
      if (frame.tail !== 0) return frame.tail;
      frames.pop();
      continue;
    }
    meter.tick();
    if (depth + frames.length > meter.limits.maxDepth) fail('Comparison too deep');
    const order = comparedLists(frame.left[index] ?? null, frame.right[index] ?? null, meter);
    if (typeof order === 'object') frames.push(order);
    else if (order !== 0) return order;
  }
  return 0;
}

/** jq's `==`: by value, NaN differs from itself. Raises jq's "Equality check too deep". */
export function equalValues(left: Json, right: Json, meter: Meter): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    if (typeof left === 'string') meter.tick(left.length >> 8);
    return left === right;
  }
  const pairs: (Json[] | JsonObject)[] = [left, right];
  const depths: number[] = [0];
  while (pairs.length > 0) {
    const b = pairs.pop();
    const a = pairs.pop();
    const depth = depths.pop() ?? 0;
    if (a === undefined || b === undefined || a === b) continue;
    if (depth > meter.limits.maxDepth) fail('Equality check too deep');
    const children = sharedChildren(a, b, meter);
    if (children === null) return false;
    for (let index = 0; index < children.length; index += 2) {
      const x = children[index] ?? null;
      const y = children[index + 1] ?? null;
      if (typeof x === 'object' && typeof y === 'object' && x !== null && y !== null) {
        pairs.push(x, y);
        depths.push(depth + 1);
      } else if (x !== y) {
        return false;
      }
    }
  }
  return true;
}

/** The children of two containers as pairs in one list, or null when their keys differ. */
function sharedChildren(a: Json[] | JsonObject, b: Json[] | JsonObject, meter: Meter): Json[] | null {
  const children: Json[] = [];
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return null;
    meter.tick(a.length + 1);
    for (let index = 0; index < a.length; index++) children.push(a[index] ?? null, b[index] ?? null);
    return children;
  }
  const keys = Object.keys(a);
  meter.tick();
  if (keys.length !== Object.keys(b).length) return null;
  for (const key of keys) {
    meter.tick();
    const other = member(b, key);
    if (other === undefined) return null;
    children.push(a[key] ?? null, other);
  }
  return children;
}

/** True when a value is nested deeper than `maxDepth` containers. */
export function deeperThan(value: Json, maxDepth: number, meter: Meter): boolean {
  let level: Json[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: Json[] = [];
    for (const container of level) {
      if (typeof container !== 'object' || container === null) continue;
      if (depth >= maxDepth) return true;
      for (const child of Object.values(container)) {
        meter.tick();
        if (typeof child === 'object' && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return false;
}

/** jq's `contains` for two values of one type; strings by substring, containers by their parts. */
export function containsValue(whole: Json, part: Json, meter: Meter): boolean {
  if (typeof part === 'object' && part !== null && deeperThan(part, meter.limits.maxDepth + 1, meter)) {
    fail('Containment check too deep');
  }
  return containsPart(whole, part, meter);
}

function containsPart(whole: Json, part: Json, meter: Meter): boolean {
  meter.tick();
  if (Array.isArray(whole) && Array.isArray(part)) {
    return part.every((wanted) => whole.some((item) => containsPart(item, wanted, meter)));
  }
  if (isObject(whole) && isObject(part)) {
    return Object.keys(part).every((key) => {
      const found = member(whole, key);
      return found !== undefined && containsPart(found, part[key] ?? null, meter);
    });
  }
  if (typeof whole === 'string' && typeof part === 'string') {
    return includesText(whole, part, meter);
  }
  return (typeof whole !== 'object' && whole === part) || (whole === null && part === null);
}

/** Sorts indices of `keys` stably in jq's order. */
export function sortedOrder(keys: readonly Json[], meter: Meter): number[] {
  const order = keys.map((_, index) => index);
  return order.sort((a, b) => compareValues(keys[a] ?? null, keys[b] ?? null, meter));
}
