/** Reading, writing and deleting at a path; values are copied on write, never changed. */
import { fail } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject, member, setMember, typeName } from './json.ts';
import { shortText } from './json-text.ts';
import type { Meter } from './limits.ts';
import { ELEMENT_BYTES, HEADER_BYTES } from './limits.ts';
import { copyObject } from './operators.ts';
import { compareValues, equalValues } from './order.ts';
import { codePointLength, codePointSlice } from './strings.ts';

/** jq refuses larger array indices. */
const MAX_ARRAY_INDEX = (2 ** 31 - 1) >> 2;

/** The bounds of a slice `{start, end}` of something that is `length` long. */
function sliceBounds(length: number, slice: JsonObject): [start: number, end: number] {
  const from = member(slice, 'start') ?? 0;
  const to = member(slice, 'end') ?? length;
  if (typeof from !== 'number' || typeof to !== 'number') {
    return fail('Array/string slice indices must be integers');
  }
  let start = Number.isNaN(from) ? 0 : from;
  if (start < 0) start += length;
  start = Math.floor(Math.min(Math.max(start, 0), length));
  let end = Number.isNaN(to) ? length : to;
  if (end < 0) end += length;
  end = end < 0 ? start : Math.min(Math.ceil(end), length);
  return [start, Math.max(start, end)];
}

function arrayIndices(items: Json[], wanted: Json[], meter: Meter): Json[] {
  const found: number[] = [];
  if (wanted.length === 0) return found;
  for (let at = 0; at + wanted.length <= items.length; at++) {
    meter.tick();
    const isHere = wanted.every((item, offset) => {
      meter.tick();
      return equalValues(items[at + offset] ?? null, item, meter);
    });
    if (!isHere) continue;
    meter.charge(ELEMENT_BYTES);
    found.push(at);
  }
  return found;
}

function sliceArray(items: Json[], slice: JsonObject, meter: Meter): Json[] {
  const [start, end] = sliceBounds(items.length, slice);
  meter.charge((end - start) * ELEMENT_BYTES + HEADER_BYTES);
  return items.slice(start, end);
}

/** `target[key]`: member, element, slice or positions of a sub-array; null for what is not there. */
export function getIndex(target: Json, key: Json, meter: Meter): Json {
  if (typeof key === 'string') {
    if (isObject(target)) return Object.hasOwn(target, key) ? (target[key] ?? null) : null;
    if (target === null) return null;
  } else if (typeof key === 'number') {
    if (Array.isArray(target)) {
      const index = Math.trunc(key);
      return target[index < 0 ? index + target.length : index] ?? null;
    }
    if (target === null) return null;
  } else if (Array.isArray(key)) {
    if (Array.isArray(target)) return arrayIndices(target, key, meter);
  } else if (isObject(key)) {
    if (target === null) return null;
    if (Array.isArray(target)) return sliceArray(target, key, meter);
    if (typeof target === 'string') {
      const [start, end] = sliceBounds(codePointLength(target, meter), key);
      return codePointSlice(target, start, end, meter);
    }
  }
  return fail(`Cannot index ${typeName(target)} with ${typeName(key)} (${shortText(key)})`);
}

function setElement(target: Json[] | null, index: number, value: Json, meter: Meter): Json[] {
  if (Number.isNaN(index)) return fail('Cannot set array element at NaN index');
  const length = target?.length ?? 0;
  let at = Math.trunc(index);
  if (at < 0) at += length;
  if (at < 0) return fail('Out of bounds negative array index');
  if (at > MAX_ARRAY_INDEX) return fail('Array index too large');
  meter.charge(Math.max(at + 1, length) * ELEMENT_BYTES + HEADER_BYTES);
  const copy = target === null ? [] : target.slice();
  while (copy.length < at) copy.push(null);
  copy[at] = value;
  return copy;
}

function setSlice(target: Json[] | null, slice: JsonObject, value: Json, meter: Meter): Json[] {
  const items = target ?? [];
  const [start, end] = sliceBounds(items.length, slice);
  if (!Array.isArray(value)) return fail('A slice of an array can only be assigned another array');
  meter.charge((items.length + value.length) * ELEMENT_BYTES + HEADER_BYTES);
  return [...items.slice(0, start), ...value, ...items.slice(end)];
}

/** A copy of `target` with `value` at `key`. */
export function setIndex(target: Json, key: Json, value: Json, meter: Meter): Json {
  if (typeof key === 'string' && (target === null || isObject(target))) {
    const copy = target === null ? {} : copyObject(target, meter);
    setMember(copy, key, value);
    return copy;
  }
  if (typeof key === 'number' && (target === null || Array.isArray(target))) {
    return setElement(target, key, value, meter);
  }
  if (isObject(key) && (target === null || Array.isArray(target))) return setSlice(target, key, value, meter);
  if (isObject(key) && typeof target === 'string') return fail('Cannot update string slices');
  return fail(`Cannot update field at ${typeName(key)} index of ${typeName(target)}`);
}

function checkPath(path: Json, meter: Meter): Json[] {
  if (!Array.isArray(path)) return fail('Path must be specified as an array');
  if (path.length > meter.limits.maxDepth) return fail('Path too deep');
  meter.tick(path.length);
  return path;
}

/** jq's `getpath`. */
export function getPath(root: Json, path: Json, meter: Meter): Json {
  let value = root;
  for (const key of checkPath(path, meter)) value = getIndex(value, key, meter);
  return value;
}

/** jq's `setpath`. */
export function setPath(root: Json, path: Json, value: Json, meter: Meter): Json {
  const keys = checkPath(path, meter);
  const targets: Json[] = [];
  let current = root;
  for (const key of keys) {
    targets.push(current);
    current = getIndex(current, key, meter);
  }
  let result = value;
  for (let index = keys.length - 1; index >= 0; index--) {
    result = setIndex(targets[index] ?? null, keys[index] ?? null, result, meter);
  }
  return result;
}

/** The error for `.[]` on what has no parts. */
export function cannotIterate(value: Json): never {
  return fail(`Cannot iterate over ${typeName(value)} (${shortText(value)})`);
}

/** The parts of a container as `.[]` gives them. */
export function partsOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.values(value) : cannotIterate(value);
}

/** jq's `has`. */
export function hasKey(target: Json, key: Json): boolean {
  if (target === null) return false;
  if (isObject(target) && typeof key === 'string') return Object.hasOwn(target, key);
  if (Array.isArray(target) && typeof key === 'number') return key >= 0 && Math.trunc(key) < target.length;
  return fail(`Cannot check whether ${typeName(target)} has a ${typeName(key)} key`);
}

function deleteElements(target: Json[], keys: Json[], meter: Meter): Json[] {
  const gone = new Set<number>();
  for (const key of keys) {
    if (typeof key === 'number') {
      const index = Math.trunc(key);
      gone.add(index < 0 ? index + target.length : index);
    } else if (isObject(key)) {
      const [start, end] = sliceBounds(target.length, key);
      meter.tick(end - start);
      for (let index = start; index < end; index++) gone.add(index);
    } else {
      return fail(`Cannot delete ${typeName(key)} element of array`);
    }
  }
  meter.charge(target.length * ELEMENT_BYTES + HEADER_BYTES);
  return target.filter((_, index) => !gone.has(index));
}

function deleteKeys(target: Json, keys: Json[], meter: Meter): Json {
  if (target === null || keys.length === 0) return target;
  if (Array.isArray(target)) return deleteElements(target, keys, meter);
  if (!isObject(target)) return fail(`Cannot delete fields from ${typeName(target)}`);
  const copy = copyObject(target, meter);
  for (const key of keys) {
    if (typeof key !== 'string') return fail(`Cannot delete ${typeName(key)} field of object`);
    delete copy[key];
  }
  return copy;
}

/** Deletes sorted `paths`, which agree in their first `start` keys. */
function deleteSorted(root: Json, paths: Json[][], start: number, meter: Meter): Json {
  let result = root;
  const whole: Json[] = [];
  for (let first = 0, last = 0; first < paths.length; first = last) {
    meter.tick();
    const key = paths[first]?.[start] ?? null;
    last = first + 1;
    while (last < paths.length && equalValues(key, paths[last]?.[start] ?? null, meter)) last++;
    if (paths[first]?.length === start + 1) {
      whole.push(key);
      continue;
    }
    const child = getIndex(result, key, meter);
    if (child === null) continue;
    const rest = deleteSorted(child, paths.slice(first, last), start + 1, meter);
    result = setIndex(result, key, rest, meter);
  }
  return deleteKeys(result, whole, meter);
}

/** jq's `delpaths`. */
export function deletePaths(root: Json, paths: Json, meter: Meter): Json {
  if (!Array.isArray(paths)) return fail('Paths must be specified as an array');
  meter.charge(paths.length * ELEMENT_BYTES);
  const sorted = paths.map((path) => {
    if (!Array.isArray(path)) return fail(`Path must be specified as array, not ${typeName(path)}`);
    return checkPath(path, meter);
  });
  sorted.sort((a, b) => compareValues(a, b, meter));
  if (sorted.length === 0) return root;
  return sorted[0]?.length === 0 ? null : deleteSorted(root, sorted, 0, meter);
}
