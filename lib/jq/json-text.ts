/** JSON text as jq prints it: numbers with 17 digits at most, and nothing that needs a deep JavaScript stack. */
import type { Json, JsonObject } from './json.ts';
import type { Meter } from './limits.ts';

/** Where jq itself ends, and what it prints for the rest. */
const JQ_MAX_DEPTH = 10_000;
const TOO_DEEP = '<skipped: too deep>';

/** jq's text of a number: shortest digits, exponent from 1e+16 (by digits) and below 1e-4, NaN as null. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return Object.is(value, -0) ? '-0' : String(value);
  if (Number.isNaN(value)) return 'null';
  if (!Number.isFinite(value)) return value > 0 ? '1.7976931348623157e+308' : '-1.7976931348623157e+308';
  const [mantissa = '', exponentText = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(exponentText);
  const sign = value < 0 ? '-' : '';
  const point = exponent + 1;
  if (point <= -4 || point > digits.length + 15) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits.charAt(0)}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const SURROGATE = /[\ud800-\udfff]/;

/** The text with every lone surrogate replaced by U+FFFD, as an encoder to UTF-8 would see it. */
export function wellFormed(text: string): string {
  return SURROGATE.test(text) ? text.replace(LONE_SURROGATE, '\ufffd') : text;
}

/** A JSON string with its quotes; DEL is escaped as jq does. */
function stringText(text: string): string {
  const quoted = JSON.stringify(wellFormed(text));
  return quoted.includes('\u007f') ? quoted.replaceAll('\u007f', '\\u007f') : quoted;
}

function scalarText(value: null | boolean | number | string): string {
  if (typeof value === 'string') return stringText(value);
  return typeof value === 'number' ? numberText(value) : String(value);
}

interface Frame {
  keys: string[] | null;
  value: Json[] | JsonObject;
  index: number;
}

interface WriteOptions {
  /** Counts the length of the text; without it nothing is counted. */
  meter?: Meter | undefined;
  maxDepth: number;
  /** Stop at the latest after some parts of this length: nothing longer is read. */
  maxLength: number;
}

/** The JSON text of any value without recursion. */
function write(value: Json, { meter, maxDepth, maxLength }: WriteOptions): string {
  let text = '';
  const frames: Frame[] = [];
  const put = (item: Json): void => {
    if (maxDepth < JQ_MAX_DEPTH) meter?.checkDepth(frames.length);
    if (frames.length > maxDepth) text += TOO_DEEP;
    else if (typeof item !== 'object' || item === null) {
      if (typeof item === 'string') {
        meter?.charge(2 * item.length);
        meter?.tick(item.length >> 6);
        text += stringText(item.slice(0, maxLength));
      } else text += scalarText(item);
    } else if (Array.isArray(item)) {
      if (item.length === 0) text += '[]';
      else frames.push({ keys: null, value: item, index: 0 });
    } else {
      const keys = Object.keys(item);
      if (keys.length === 0) text += '{}';
      else frames.push({ keys, value: item, index: 0 });
    }
  };
  put(value);
  for (let frame = frames.at(-1); frame !== undefined && text.length < maxLength; frame = frames.at(-1)) {
    meter?.tick();
    meter?.charge(8);
    const index = frame.index++;
    if (frame.keys === null) {
      const items = frame.value as Json[]; // keys is null for arrays alone
      if (index === items.length) {
        text += ']';
        frames.pop();
      } else {
        text += index === 0 ? '[' : ',';
        put(items[index] ?? null);
      }
    } else if (index === frame.keys.length) {
      text += '}';
      frames.pop();
    } else {
      const key = frame.keys[index] ?? '';
      meter?.charge(key.length);
      text += `${index === 0 ? '{' : ','}${stringText(key.slice(0, maxLength))}:`;
      put((frame.value as JsonObject)[key] ?? null); // keys is set for objects alone
    }
  }
  return text;
}

/**
 * The compact JSON text of a value in jq's number format. Beyond 10,000 levels jq 1.8 prints `<skipped: too deep>`;
 * a lower limit of depth is an error, as text that has lost a part is of no use in a workflow.
 * @throws {JqLimitError} depth, with a meter
 */
export function toJsonText(value: Json, meter?: Meter): string {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'string') {
      meter?.charge(value.length + 2);
      meter?.tick(value.length >> 6);
    }
    return scalarText(value);
  }
  const maxDepth = meter?.limits.maxDepth ?? 100_000;
  return write(value, { meter, maxDepth, maxLength: Infinity });
}

/** The head of the JSON text of a value, some characters longer than `maxLength` at most when it is cut. */
export function textUpTo(value: Json, maxLength: number): string {
  return write(value, { maxDepth: maxLength, maxLength }).slice(0, maxLength);
}

/** Longest dump in an error message, in bytes of UTF-8. */
const MAX_DUMP_BYTES = 29;

/** A value for an error message: at most 29 bytes, cut on a character border and marked by `...`. */
export function shortText(value: Json): string {
  let text: string;
  if (typeof value === 'string') {
    const head = value.slice(0, 4 * MAX_DUMP_BYTES);
    const cut =
      new TextEncoder().encode(head).length > MAX_DUMP_BYTES + 1
        ? Array.from(head).slice(0, 30).join('')
        : head;
    text = stringText(cut);
  } else {
    text = write(value, { maxDepth: 100, maxLength: 64 });
  }
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= MAX_DUMP_BYTES) return text;
  const close = { '"': '"', '[': ']', '{': '}' }[text.charAt(0)] ?? '';
  let end = MAX_DUMP_BYTES - 3 - close.length;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${new TextDecoder().decode(bytes.subarray(0, end))}...${close}`;
}
