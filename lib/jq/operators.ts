/** jq's arithmetic operators on values. */
import { fail } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject, member, setMember, typeName } from './json.ts';
import { shortText } from './json-text.ts';
import type { Meter } from './limits.ts';
import { ELEMENT_BYTES, HEADER_BYTES, MEMBER_BYTES } from './limits.ts';
import { equalValues } from './order.ts';
import { splitString } from './strings.ts';

/** jq refuses longer repetitions than this many bytes. */
const MAX_REPEAT = 2 ** 31 - 1;

/** `type (value) problem`, as jq words a type error. */
export function typeError(value: Json, problem: string): never {
  return fail(`${typeName(value)} (${shortText(value)}) ${problem}`);
}

/** A type error about two operands. */
export function typeError2(left: Json, right: Json, problem: string): never {
  return fail(
    `${typeName(left)} (${shortText(left)}) and ${typeName(right)} (${shortText(right)}) ${problem}`,
  );
}

/** Joins two strings into a third one that the program can keep. */
function concat(left: string, right: string, meter: Meter): string {
  meter.charge(HEADER_BYTES + left.length + right.length);
  return left + right;
}

/** Lengthens a text that the program has not seen yet, so that only its final length matters. */
export function lengthen(text: string, more: string, meter: Meter): string {
  meter.charge(HEADER_BYTES + more.length);
  return text + more;
}

/** `left + right`; the right object wins per member. */
export function add(left: Json, right: Json, meter: Meter): Json {
  if (typeof left === 'number' && typeof right === 'number') return left + right;
  if (typeof left === 'string' && typeof right === 'string') return concat(left, right, meter);
  if (left === null) return right;
  if (right === null) return left;
  if (Array.isArray(left) && Array.isArray(right)) {
    meter.charge((left.length + right.length) * ELEMENT_BYTES + HEADER_BYTES);
    return left.length === 0 ? right : right.length === 0 ? left : left.concat(right);
  }
  if (isObject(left) && isObject(right)) {
    const merged = copyObject(left, meter);
    for (const key of Object.keys(right)) {
      meter.tick();
      meter.charge(MEMBER_BYTES);
      setMember(merged, key, right[key] ?? null);
    }
    return merged;
  }
  return typeError2(left, right, 'cannot be added');
}

/** Larger objects are hash tables to V8, and copied one by one, so that the meter reads the clock meanwhile. */
const MAX_SPREAD = 100;
const TABLE_ENTRY_BYTES = 96;

/** A shallow copy, charged by its members. */
export function copyObject(value: JsonObject, meter: Meter): JsonObject {
  const keys = Object.keys(value);
  if (keys.length <= MAX_SPREAD) {
    meter.charge(HEADER_BYTES + keys.length * MEMBER_BYTES);
    meter.tick(keys.length >> 3);
    return { ...value };
  }
  meter.charge(keys.length * TABLE_ENTRY_BYTES);
  const copy: JsonObject = {};
  for (const key of keys) {
    meter.tick();
    setMember(copy, key, value[key] ?? null);
  }
  return copy;
}

/** `left - right`; arrays lose every element that the right one has. */
export function subtract(left: Json, right: Json, meter: Meter): Json {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (Array.isArray(left) && Array.isArray(right)) {
    meter.charge(left.length * ELEMENT_BYTES + HEADER_BYTES);
    return left.filter((item) => {
      meter.tick();
      return !right.some((gone) => {
        meter.tick();
        return equalValues(item, gone, meter);
      });
    });
  }
  return typeError2(left, right, 'cannot be subtracted');
}

function repeatString(text: string, times: number, meter: Meter): Json {
  if (times < 0 || Number.isNaN(times)) return null;
  const count = Math.min(Math.trunc(times), MAX_REPEAT);
  const length = text.length * count;
  if (length >= MAX_REPEAT) return fail('Repeat string result too long');
  meter.charge(length);
  return text.repeat(length === 0 ? 0 : count);
}

/** Merges objects member by member, without recursion. */
function mergeDeep(left: JsonObject, right: JsonObject, meter: Meter): JsonObject {
  const result = copyObject(left, meter);
  const pending: { target: JsonObject; source: JsonObject; depth: number }[] = [
    { target: result, source: right, depth: 0 },
  ];
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if (task.depth > meter.limits.maxDepth) fail('Object merge too deep');
    for (const key of Object.keys(task.source)) {
      meter.tick();
      meter.charge(MEMBER_BYTES);
      const before = member(task.target, key);
      const after = task.source[key] ?? null;
      if (before !== undefined && isObject(before) && isObject(after)) {
        const target = copyObject(before, meter);
        setMember(task.target, key, target);
        pending.push({ target, source: after, depth: task.depth + 1 });
      } else {
        setMember(task.target, key, after);
      }
    }
  }
  return result;
}

/** `left * right`: product, repeated string or deep merge. */
export function multiply(left: Json, right: Json, meter: Meter): Json {
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  if (typeof left === 'string' && typeof right === 'number') return repeatString(left, right, meter);
  if (typeof left === 'number' && typeof right === 'string') return repeatString(right, left, meter);
  if (isObject(left) && isObject(right)) return mergeDeep(left, right, meter);
  return typeError2(left, right, 'cannot be multiplied');
}

/** `left / right`: quotient or parts of a string. */
export function divide(left: Json, right: Json, meter: Meter): Json {
  if (typeof left === 'number' && typeof right === 'number') {
    if (right === 0) return typeError2(left, right, 'cannot be divided because the divisor is zero');
    return left / right;
  }
  if (typeof left === 'string' && typeof right === 'string') return splitString(left, right, meter);
  return typeError2(left, right, 'cannot be divided');
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

function toInt64(value: number): bigint {
  if (value >= 2 ** 63) return INT64_MAX;
  return value <= -(2 ** 63) ? INT64_MIN : BigInt(Math.trunc(value));
}

/** `left % right` on operands cut to 64-bit integers; the sign is that of the left one. */
export function remainder(left: Json, right: Json): Json {
  if (typeof left !== 'number' || typeof right !== 'number') {
    return typeError2(left, right, 'cannot be divided (remainder)');
  }
  if (Number.isNaN(left) || Number.isNaN(right)) return NaN;
  const divisor = Math.trunc(right);
  if (divisor === 0)
    return typeError2(left, right, 'cannot be divided (remainder) because the divisor is zero');
  if (Math.abs(left) <= Number.MAX_SAFE_INTEGER && Math.abs(right) <= Number.MAX_SAFE_INTEGER) {
    return Math.trunc(left) % divisor || 0;
  }
  return Number(toInt64(left) % toInt64(right));
}

/** `-value`. */
export function negate(value: Json): Json {
  return typeof value === 'number' ? -value : typeError(value, 'cannot be negated');
}
