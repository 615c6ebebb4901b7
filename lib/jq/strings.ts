/** Strings by code point. A text without surrogates takes the native, faster way. */
import { fail } from './errors.ts';
import type { Json } from './json.ts';
import { typeName } from './json.ts';
import { shortText } from './json-text.ts';
import type { Meter } from './limits.ts';
import { ELEMENT_BYTES, HEADER_BYTES } from './limits.ts';
import { occurrences } from './search.ts';

const SURROGATE = /[\ud800-\udfff]/;
const WHITESPACE =
  '\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${WHITESPACE}]+`);
const TRAILING = new RegExp(`[${WHITESPACE}]+$`);

/** The length in code points; a lone surrogate counts as one. */
export function codePointLength(text: string, meter: Meter): number {
  meter.tick(text.length >> 6);
  if (!SURROGATE.test(text)) return text.length;
  let length = 0;
  for (let index = 0; index < text.length; index += width(text, index)) length++;
  return length;
}

function width(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}

/** The part from code point `start` up to `end`. */
export function codePointSlice(text: string, start: number, end: number, meter: Meter): string {
  meter.tick(text.length >> 6);
  meter.charge(HEADER_BYTES);
  if (!SURROGATE.test(text)) return text.slice(start, end);
  let from = 0;
  for (let count = 0; count < start && from < text.length; count++) from += width(text, from);
  let to = from;
  for (let count = start; count < end && to < text.length; count++) to += width(text, to);
  return text.slice(from, to);
}

/** Turns UTF-16 offsets, asked for in rising order, into code point offsets. */
export function offsetCounter(text: string): (offset: number) => number {
  if (!SURROGATE.test(text)) return (offset) => offset;
  let unit = 0;
  let points = 0;
  return (offset) => {
    if (offset < unit) {
      unit = 0;
      points = 0;
    }
    for (; unit < offset; unit += width(text, unit)) points++;
    return points;
  };
}

/** jq's `explode`. */
export function explode(text: string, meter: Meter): number[] {
  meter.charge(text.length * ELEMENT_BYTES + HEADER_BYTES);
  return Array.from(text, (character, index) => {
    if (index % 1024 === 0) meter.tick(64);
    const point = character.codePointAt(0) ?? 0;
    return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
  });
}

/** Replaces ASCII characters in a long text, in pieces between which the meter reads the clock. */
export function replaceInPieces(
  text: string,
  pattern: RegExp,
  replace: (found: string) => string,
  meter: Meter,
): string {
  let result = '';
  for (let start = 0; start < text.length; start += 1024) {
    meter.tick(32);
    result += text.slice(start, start + 1024).replace(pattern, replace);
  }
  return result;
}

/** jq's `implode`: numbers outside the code points become U+FFFD. */
export function implode(points: readonly Json[], meter: Meter): string {
  meter.charge(points.length * 2 + HEADER_BYTES);
  let text = '';
  for (const [index, point] of points.entries()) {
    if (index % 1024 === 0) meter.tick(64);
    if (typeof point !== 'number' || Number.isNaN(point)) {
      return fail(
        `${typeName(point)} (${shortText(point)}) can't be imploded, unicode codepoint needs to be numeric`,
      );
    }
    const code = Math.trunc(point);
    const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    text += String.fromCodePoint(valid ? code : 0xfffd);
  }
  return text;
}

/** Code point offsets of every occurrence, overlapping ones too. */
export function stringIndices(text: string, wanted: string, meter: Meter): number[] {
  const found: number[] = [];
  if (wanted === '') return found;
  const points = offsetCounter(text);
  for (const at of occurrences(text, wanted, true, meter)) {
    meter.charge(ELEMENT_BYTES);
    found.push(points(at));
  }
  return found;
}

/** jq's `split/1`: by characters when the separator is empty, no parts for an empty text. */
export function splitString(text: string, separator: string, meter: Meter): string[] {
  if (text === '') return [];
  if (separator === '') {
    meter.tick(text.length >> 4);
    meter.charge(text.length * (HEADER_BYTES + ELEMENT_BYTES));
    return Array.from(text);
  }
  const parts: string[] = [];
  let start = 0;
  for (const at of occurrences(text, separator, false, meter)) {
    meter.charge(HEADER_BYTES + ELEMENT_BYTES);
    parts.push(text.slice(start, at));
    start = at + separator.length;
  }
  parts.push(text.slice(start));
  return parts;
}

/** Removes white space at the end, in pieces, as the search of one expression takes the square of a length. */
function trimEnd(text: string, meter: Meter): string {
  let end = text.length;
  for (let kept = 0; end > 0 && kept === 0;) {
    meter.tick(16);
    const start = Math.max(end - 1024, 0);
    kept = text.slice(start, end).replace(TRAILING, '').length;
    end = start + kept;
  }
  return text.slice(0, end);
}

/** Removes white space (of Unicode) at the start, the end or both. */
export function trimString(text: string, side: 'left' | 'right' | 'both', meter: Meter): string {
  meter.tick(text.length >> 6);
  let result = text;
  if (side !== 'right') result = result.replace(LEADING, '');
  return side === 'left' ? result : trimEnd(result, meter);
}

/** Length in bytes of UTF-8. */
export function utf8Length(text: string, meter: Meter): number {
  meter.tick(text.length >> 6);
  return Buffer.byteLength(text);
}
