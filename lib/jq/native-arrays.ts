/** Builtins on arrays: sorting, grouping, searching, flattening. */
import { fail } from './errors.ts';
import type { Json } from './json.ts';
import type { Meter } from './limits.ts';
import { ELEMENT_BYTES, HEADER_BYTES } from './limits.ts';
import type { Native } from './node-native.ts';
import { typeError, typeError2 } from './operators.ts';
import { compareValues, equalValues, sortedOrder } from './order.ts';
import { partsOf } from './paths.ts';

/** The input and its keys as arrays of one length. */
function checkKeys(input: Json, keys: Json): [items: Json[], keys: Json[]] {
  if (Array.isArray(input) && Array.isArray(keys) && input.length === keys.length) return [input, keys];
  return typeError2(input, keys, 'cannot be sorted, as they are not both arrays');
}

function arrayOf(input: Json): Json[] {
  return Array.isArray(input) ? input : typeError(input, 'cannot be sorted, as it is not an array');
}

function chargeArray(length: number, meter: Meter): void {
  meter.charge(length * ELEMENT_BYTES + HEADER_BYTES);
}

function sortBy(items: Json[], keys: Json[], meter: Meter): Json[] {
  chargeArray(items.length * 2, meter);
  return sortedOrder(keys, meter).map((at) => items[at] ?? null);
}

/** Groups of items with equal keys, in the order of the keys. */
function groupBy(items: Json[], keys: Json[], meter: Meter): Json[][] {
  chargeArray(items.length * 4, meter);
  const groups: Json[][] = [];
  let last: Json | undefined;
  for (const at of sortedOrder(keys, meter)) {
    const key = keys[at] ?? null;
    const item = items[at] ?? null;
    const group = groups.at(-1);
    if (group !== undefined && last !== undefined && equalValues(last, key, meter)) group.push(item);
    else groups.push([item]);
    last = key;
  }
  return groups;
}

function uniqueBy(items: Json[], keys: Json[], meter: Meter): Json[] {
  return groupBy(items, keys, meter).map((group) => group[0] ?? null);
}

/** jq's `min_by` and `max_by`: of equal keys the first is the least and the last the greatest. */
function extreme(input: Json, keys: Json, isMinimum: boolean, meter: Meter): Json {
  if (!Array.isArray(input) || !Array.isArray(keys))
    return typeError2(input, keys, 'cannot be iterated over');
  if (input.length !== keys.length) return typeError2(input, keys, 'have wrong length');
  let best = 0;
  for (let at = 1; at < input.length; at++) {
    const order = compareValues(keys[at] ?? null, keys[best] ?? null, meter);
    if (order < 0 === isMinimum) best = at;
  }
  return input[best] ?? null;
}

function binarySearch(input: Json, wanted: Json, meter: Meter): Json {
  if (!Array.isArray(input)) return typeError(input, 'cannot be searched from');
  let start = 0;
  let end = input.length;
  while (start < end) {
    const middle = (start + end) >> 1;
    const order = compareValues(wanted, input[middle] ?? null, meter);
    if (order === 0) return middle;
    if (order < 0) end = middle;
    else start = middle + 1;
  }
  return -1 - start;
}

/** Flattens arrays `depth` levels deep, without recursion; a negative depth means all. */
function flatten(input: Json, depth: Json, meter: Meter): Json {
  if (typeof depth !== 'number') return typeError(depth, 'is not a number');
  if (depth < 0) return fail('flatten depth must not be negative');
  const result: Json[] = [];
  const stack: { items: Json[]; at: number }[] = [{ items: partsOf(input), at: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.at === frame.items.length) {
      stack.pop();
      continue;
    }
    meter.tick();
    const item = frame.items[frame.at++] ?? null;
    if (Array.isArray(item) && stack.length <= depth) stack.push({ items: item, at: 0 });
    else {
      meter.charge(ELEMENT_BYTES);
      result.push(item);
    }
  }
  return result;
}

function reverse(items: Json[], meter: Meter): Json {
  chargeArray(items.length, meter);
  return items.toReversed();
}

function transpose(rows: Json[], meter: Meter): Json {
  const width = rows.reduce<number>((most, row) => Math.max(most, arrayOf(row).length), 0);
  chargeArray(width * (rows.length + 4), meter);
  meter.tick(width * rows.length);
  return Array.from({ length: width }, (_, column) => rows.map((row) => arrayOf(row)[column] ?? null));
}

/** The array builtins by `name/arity`; those with `_` take keys that jq text computed. */
export const ARRAY_NATIVES: readonly [string, Native][] = [
  ['sort/0', (machine, input) => sortBy(arrayOf(input), arrayOf(input), machine.meter)],
  ['_sort_by/1', (machine, input, keys) => sortBy(...checkKeys(input, keys), machine.meter)],
  ['_group_by/1', (machine, input, keys) => groupBy(...checkKeys(input, keys), machine.meter)],
  ['unique/0', (machine, input) => uniqueBy(arrayOf(input), arrayOf(input), machine.meter)],
  ['_unique_by/1', (machine, input, keys) => uniqueBy(...checkKeys(input, keys), machine.meter)],
  ['min/0', (machine, input) => extreme(input, input, true, machine.meter)],
  ['max/0', (machine, input) => extreme(input, input, false, machine.meter)],
  ['_min_by/1', (machine, input, keys) => extreme(input, keys, true, machine.meter)],
  ['_max_by/1', (machine, input, keys) => extreme(input, keys, false, machine.meter)],
  ['bsearch/1', (machine, input, wanted) => binarySearch(input, wanted, machine.meter)],
  ['flatten/0', (machine, input) => flatten(input, Infinity, machine.meter)],
  ['flatten/1', (machine, input, depth) => flatten(input, depth, machine.meter)],
  ['_reverse/0', (machine, input) => reverse(arrayOf(input), machine.meter)],
  ['_transpose/0', (machine, input) => transpose(arrayOf(input), machine.meter)],
];
