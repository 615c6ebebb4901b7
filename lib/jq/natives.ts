/** Builtins on values, written in TypeScript. Those that take expressions are in compile-special.ts or jq text. */
import { brokenDown, formatTime, parseTime, secondsOf } from './dates.ts';
import { JqThrow, fail } from './errors.ts';
import { formatByName, toText } from './formats.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject, member, setMember, truthy, typeName } from './json.ts';
import { shortText, toJsonText } from './json-text.ts';
import type { Meter } from './limits.ts';
import { ELEMENT_BYTES, HEADER_BYTES, MEMBER_BYTES } from './limits.ts';
import type { Machine } from './machine.ts';
import { MATH } from './math.ts';
import { ARRAY_NATIVES } from './native-arrays.ts';
import type { Native } from './node-native.ts';
import { add, lengthen, negate, typeError, typeError2 } from './operators.ts';
import { containsValue, sortedKeys } from './order.ts';
import { parseJson, parseNumber } from './parse-json.ts';
import { deletePaths, hasKey, partsOf, setPath } from './paths.ts';
import { matchRegex, testRegex } from './regex.ts';
import {
  codePointLength,
  explode,
  implode,
  replaceInPieces,
  splitString,
  stringIndices,
  trimString,
  utf8Length,
} from './strings.ts';

function length(input: Json, meter: Meter): Json {
  if (input === null) return 0;
  if (typeof input === 'string') return codePointLength(input, meter);
  if (typeof input === 'number') return Math.abs(input);
  if (Array.isArray(input)) return input.length;
  if (!isObject(input)) return typeError(input, 'has no length');
  const count = Object.keys(input).length;
  meter.tick(count >> 3);
  return count;
}

function keys(input: Json, sorted: boolean, meter: Meter): Json {
  if (typeof input !== 'object' || input === null) return typeError(input, 'has no keys');
  const found: Json[] = Array.isArray(input)
    ? Array.from(input.keys())
    : sorted
      ? sortedKeys(input, meter)
      : Object.keys(input);
  meter.charge(found.length * ELEMENT_BYTES + HEADER_BYTES);
  meter.tick(found.length >> 2);
  return found;
}

/** Longest text of a number, in UTF-16 units. */
const MAX_NUMBER_LENGTH = 1024;

function toNumber(input: Json): Json {
  if (typeof input === 'number') return input;
  if (typeof input !== 'string' || input.length > MAX_NUMBER_LENGTH) {
    return typeError(input, 'cannot be parsed as a number');
  }
  return parseNumber(input) ?? typeError(input, 'cannot be parsed as a number');
}

function toBoolean(input: Json): Json {
  if (typeof input === 'boolean') return input;
  if (input === 'true' || input === 'false') return input === 'true';
  return typeError(input, 'cannot be parsed as a boolean');
}

function affix(input: Json, part: Json, which: 'startsWith' | 'endsWith', meter: Meter): boolean {
  if (typeof input !== 'string' || typeof part !== 'string') {
    return fail(`${which.toLowerCase()}() requires string inputs`);
  }
  if (part.length <= input.length) meter.tick(part.length >> 6);
  return input[which](part);
}

function trim(input: Json, side: 'left' | 'right' | 'both', meter: Meter): string {
  return typeof input === 'string' ? trimString(input, side, meter) : fail('trim input must be a string');
}

/** ASCII letters alone change case. */
function asciiCase(input: Json, upper: boolean, meter: Meter): string {
  if (typeof input !== 'string') return fail('explode input must be a string');
  meter.charge(input.length);
  return upper
    ? replaceInPieces(input, /[a-z]+/g, (letters) => letters.toUpperCase(), meter)
    : replaceInPieces(input, /[A-Z]+/g, (letters) => letters.toLowerCase(), meter);
}

function append(text: Json, more: Json, meter: Meter): Json {
  return typeof text === 'string' && typeof more === 'string'
    ? lengthen(text, more, meter)
    : add(text, more, meter);
}

/** jq adds the parts one by one, so a part that cannot be added is reported beside the text so far. */
function join(input: Json, separator: Json, meter: Meter): Json {
  let text: Json = null;
  for (const part of partsOf(input)) {
    meter.tick();
    const head: Json = text === null ? '' : append(text, separator, meter);
    const tail = typeof part === 'number' || typeof part === 'boolean' ? toText(part, meter) : (part ?? '');
    text = append(head, tail, meter);
  }
  return text ?? '';
}

function toEntries(input: Json, meter: Meter): Json {
  if (typeof input !== 'object' || input === null) return typeError(input, 'has no keys');
  if (Array.isArray(input)) {
    meter.charge(input.length * (ELEMENT_BYTES + 2 * MEMBER_BYTES));
    meter.tick(input.length);
    return input.map((value, key) => ({ key, value }));
  }
  const names = Object.keys(input);
  meter.charge(names.length * (ELEMENT_BYTES + 2 * MEMBER_BYTES));
  meter.tick(names.length);
  return names.map((key) => ({ key, value: input[key] ?? null }));
}

/** The first of the named members that is neither null nor false; else what the last one holds. */
function firstMember(entry: JsonObject, names: readonly string[]): Json {
  let value: Json = null;
  for (const name of names) {
    value = member(entry, name) ?? null;
    if (truthy(value)) return value;
  }
  return value;
}

function fromEntries(input: Json, meter: Meter): Json {
  const entries = partsOf(input);
  const result: JsonObject = {};
  meter.charge(entries.length * MEMBER_BYTES + HEADER_BYTES);
  for (const entry of entries) {
    meter.tick();
    if (!isObject(entry)) return fail(`Cannot index ${typeName(entry)} with string ("key")`);
    const key = firstMember(entry, ['key', 'Key', 'name', 'Name']);
    if (typeof key !== 'string') {
      return fail(`Cannot use ${typeName(key)} (${shortText(key)}) as object key`);
    }
    setMember(result, key, member(entry, 'value') ?? member(entry, 'Value') ?? null);
  }
  return result;
}

/** Longest date format, in UTF-16 units; each conversion costs far more than a step. */
const MAX_TIME_FORMAT_LENGTH = 1024;

function timeText(input: Json, format: Json, name: string, meter: Meter): Json {
  if (typeof input !== 'number' && !Array.isArray(input))
    return fail(`${name} requires parsed datetime inputs`);
  if (typeof format !== 'string') return fail(`${name} requires a string format`);
  if (format.length > MAX_TIME_FORMAT_LENGTH) return fail(`${name}: unknown system failure`);
  meter.tick(1 + 2 * format.length);
  return formatTime(secondsOf(typeof input === 'number' ? brokenDown(input) : input, name), format);
}

function readTime(input: Json, format: Json, meter: Meter): Json {
  if (typeof input !== 'string' || typeof format !== 'string') {
    return fail('strptime/1 requires string inputs and arguments');
  }
  if (format.length > MAX_TIME_FORMAT_LENGTH)
    return fail(`date "${input}" does not match format "${format}"`);
  meter.tick(1 + 2 * format.length + (input.length >> 4));
  return parseTime(input, format);
}

function splitTime(input: Json, name: string): Json {
  return typeof input === 'number' ? brokenDown(input) : fail(`${name} requires numeric inputs`);
}

/** A builtin of the input alone. */
function onInput(run: (input: Json, meter: Meter) => Json): Native {
  return (machine: Machine, input: Json) => run(input, machine.meter);
}

/** A builtin of the input and one argument. */
function onPair(run: (input: Json, argument: Json, meter: Meter) => Json): Native {
  return (machine: Machine, input: Json, argument: Json) => run(input, argument, machine.meter);
}

const ON_INPUT: Record<string, (input: Json, meter: Meter) => Json> = {
  not: (input) => !truthy(input),
  length,
  utf8bytelength: (input, meter) =>
    typeof input === 'string'
      ? utf8Length(input, meter)
      : typeError(input, 'only strings have UTF-8 byte length'),
  type: (input) => typeName(input),
  keys: (input, meter) => keys(input, true, meter),
  keys_unsorted: (input, meter) => keys(input, false, meter),
  tojson: (input, meter) => toJsonText(input, meter),
  fromjson: (input, meter) =>
    typeof input === 'string' ? parseJson(input, meter) : typeError(input, 'only strings can be parsed'),
  tostring: toText,
  tonumber: toNumber,
  toboolean: toBoolean,
  explode: (input, meter) =>
    typeof input === 'string' ? explode(input, meter) : fail('explode input must be a string'),
  implode: (input, meter) =>
    Array.isArray(input) ? implode(input, meter) : fail('implode input must be an array'),
  ascii_downcase: (input, meter) => asciiCase(input, false, meter),
  ascii_upcase: (input, meter) => asciiCase(input, true, meter),
  trim: (input, meter) => trim(input, 'both', meter),
  ltrim: (input, meter) => trim(input, 'left', meter),
  rtrim: (input, meter) => trim(input, 'right', meter),
  to_entries: toEntries,
  from_entries: fromEntries,
  infinite: () => Infinity,
  nan: () => NaN,
  isinfinite: (input) => input === Infinity || input === -Infinity,
  isnan: (input) => Number.isNaN(input),
  isnormal: (input) => typeof input === 'number' && Number.isFinite(input) && Math.abs(input) >= 2 ** -1022,
  have_decnum: () => false,
  have_literal_numbers: () => false,
  _negate: (input) => negate(input),
  error: (input) => {
    throw new JqThrow(input);
  },
  mktime: (input) =>
    Array.isArray(input) ? secondsOf(input, 'mktime') : fail('mktime requires array inputs'),
  gmtime: (input) => splitTime(input, 'gmtime()'),
  localtime: (input) => splitTime(input, 'localtime()'),
};

const ON_PAIR: Record<string, (input: Json, argument: Json, meter: Meter) => Json> = {
  has: (input, key) => hasKey(input, key),
  contains: (input, part, meter) =>
    typeName(input) === typeName(part)
      ? containsValue(input, part, meter)
      : typeError2(input, part, 'cannot have their containment checked'),
  startswith: (input, part, meter) => affix(input, part, 'startsWith', meter),
  endswith: (input, part, meter) => affix(input, part, 'endsWith', meter),
  split: (input, separator, meter) =>
    typeof input === 'string' && typeof separator === 'string'
      ? splitString(input, separator, meter)
      : fail('split input and separator must be strings'),
  join,
  _strindices: (input, wanted, meter) => {
    if (typeof input !== 'string') return typeError(input, 'cannot be searched, as it is not a string');
    return typeof wanted === 'string'
      ? stringIndices(input, wanted, meter)
      : typeError(wanted, 'is not a string');
  },
  format: formatByName,
  delpaths: deletePaths,
  strftime: (input, format, meter) => timeText(input, format, 'strftime/1', meter),
  strflocaltime: (input, format, meter) => timeText(input, format, 'strflocaltime/1', meter),
  strptime: readTime,
};

const OTHERS: [string, Native][] = [
  ['now/0', (machine) => machine.nowSeconds],
  ['setpath/2', (machine, input, path, value) => setPath(input, path, value, machine.meter)],
  ['_test/2', (machine, input, pattern, flags) => testRegex(input, pattern, flags, machine.meter)],
  ['_match/2', (machine, input, pattern, flags) => matchRegex(input, pattern, flags, machine.meter)],
];

/** Every native builtin by `name/arity`; a leading `_` keeps a name out of `builtins`. */
export const NATIVES: ReadonlyMap<string, Native> = new Map<string, Native>([
  ...Object.entries(ON_INPUT).map(([name, run]): [string, Native] => [`${name}/0`, onInput(run)]),
  ...Object.entries(ON_PAIR).map(([name, run]): [string, Native] => [`${name}/1`, onPair(run)]),
  ...OTHERS,
  ...ARRAY_NATIVES,
  ...MATH,
]);
