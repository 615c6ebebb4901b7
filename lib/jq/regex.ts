/** Regular expressions by a linear-time engine (RE2), with jq's flags and results. */
import { RE2JS } from 're2js';
import { fail } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import type { Meter } from './limits.ts';
import { HEADER_BYTES } from './limits.ts';
import { typeError } from './operators.ts';
import { offsetCounter } from './strings.ts';

/** Longest pattern, in UTF-16 units. */
const MAX_PATTERN_LENGTH = 4096;
/** Counted repetitions may expand a pattern to about this many parts. */
const MAX_EXPANSION = 2500;
/** Classes of Unicode (`\w`, `\W`, `\p`, `\P`) in a pattern; each takes some tenths of a millisecond to compile. */
const MAX_UNICODE_CLASSES = 100;
/** Groups of a pattern; each thread of the engine holds the bounds of all of them. */
const MAX_GROUPS = 250;
/** Compiled patterns that are kept; each may hold some megabytes of states. */
const MAX_CACHED = 50;
/** Instructions that the engine may run between two readings of the clock. */
const INSTRUCTIONS_PER_CLOCK_READING = 10_000;

interface Compiled {
  expression: RE2JS;
  groupNames: (string | null)[];
  global: boolean;
  skipEmpty: boolean;
  /** Instructions of the program: the time per character grows with it. */
  size: number;
}

const cache = new Map<string, Compiled>();

/** What Oniguruma writes in another way; classes are those of Unicode there. */
const REWRITES: Record<string, [outside: string, inClass: string]> = {
  d: ['\\p{Nd}', '\\p{Nd}'],
  D: ['\\P{Nd}', '\\P{Nd}'],
  w: ['[\\p{L}\\p{M}\\p{N}\\p{Pc}]', '\\p{L}\\p{M}\\p{N}\\p{Pc}'],
  W: ['[^\\p{L}\\p{M}\\p{N}\\p{Pc}]', '\\W'],
  s: ['[\\s\\x0b\\x85\\p{Z}]', '\\s\\x0b\\x85\\p{Z}'],
  S: ['[^\\s\\x0b\\x85\\p{Z}]', '\\S'],
  h: ['[0-9a-fA-F]', '0-9a-fA-F'],
  H: ['[^0-9a-fA-F]', '\\H'],
  Z: ['\\z', '\\Z'],
};

/** Translates a pattern; with `extended`, white space and comments outside classes go. */
function translate(pattern: string, extended: boolean): string {
  let result = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === '\\') {
      const letter = pattern.charAt(++at);
      const unicode = letter === 'u' ? /^[0-9a-fA-F]{4}/.exec(pattern.slice(at + 1)) : null;
      const rewrite = Object.hasOwn(REWRITES, letter) ? REWRITES[letter] : undefined;
      if (unicode !== null) at += 4;
      result += unicode === null ? (rewrite?.[inClass ? 1 : 0] ?? `\\${letter}`) : `\\x{${unicode[0]}}`;
      continue;
    }
    if (character === '[' && !inClass) {
      inClass = true;
      // A bracket right behind the opening one is a member.
      const head = /^\[\^?\]?/.exec(pattern.slice(at))?.[0] ?? '[';
      result += head;
      at += head.length - 1;
      continue;
    }
    if (character === '[' && /^\[:\^?\w+:\]/.test(pattern.slice(at))) {
      const posix = /^\[:\^?\w+:\]/.exec(pattern.slice(at))?.[0] ?? '';
      result += posix;
      at += posix.length - 1;
      continue;
    }
    if (character === ']') inClass = false;
    if (extended && !inClass && /\s/.test(character)) continue;
    if (extended && !inClass && character === '#') {
      const end = pattern.indexOf('\n', at);
      at = end === -1 ? pattern.length : end;
      continue;
    }
    result += character;
  }
  return result;
}

/** Refuses what would take long to compile: many classes, and counted repetitions that expand to a huge program. */
function checkSize(pattern: string): void {
  if (pattern.split('(').length > MAX_GROUPS + 1) fail('Regex failure: the pattern has too many groups');
  if ((pattern.match(/\\[wWpP]/g) ?? []).length > MAX_UNICODE_CLASSES) {
    fail('Regex failure: the pattern has too many character classes');
  }
  let expansion = 0;
  for (const found of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    const count = Math.max(Number(found[1]), Number(found[2] ?? 0));
    const before = pattern.slice(0, found.index);
    let operand = 1;
    if (before.endsWith(')')) {
      let depth = 0;
      let start = before.length - 1;
      for (; start >= 0; start--) {
        if (before.charAt(start) === ')') depth++;
        else if (before.charAt(start) === '(' && --depth === 0) break;
      }
      operand = before.length - Math.max(start, 0);
    }
    expansion += count * operand;
  }
  if (expansion > MAX_EXPANSION) fail('Regex failure: the pattern is too large');
}

function compileFlags(flags: string): {
  bits: number;
  extended: boolean;
  global: boolean;
  skipEmpty: boolean;
} {
  const result = { bits: 0, extended: false, global: false, skipEmpty: false };
  for (const flag of flags) {
    if (flag === 'g') result.global = true;
    else if (flag === 'i') result.bits |= RE2JS.CASE_INSENSITIVE;
    else if (flag === 'x') result.extended = true;
    else if (flag === 'n') result.skipEmpty = true;
    else if (flag === 'l') result.bits |= RE2JS.LONGEST_MATCH;
    // Oniguruma's single-line mode is RE2's default; its multi-line mode lets `.` match a newline.
    else if (flag === 'p' || flag === 'm') result.bits |= RE2JS.DOTALL;
    else if (flag !== 's') fail(`${flags} is not a valid modifier string`);
  }
  return result;
}

function build(pattern: string, flags: string): Compiled {
  if (pattern.length > MAX_PATTERN_LENGTH) fail('Regex failure: the pattern is too long');
  checkSize(pattern);
  const { bits, extended, global, skipEmpty } = compileFlags(flags);
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(translate(pattern, extended), bits);
  } catch (error) {
    return fail(
      `${pattern} (at offset 0) is not a valid regex: ${error instanceof Error ? error.message : ''}`,
    );
  }
  const groupNames: (string | null)[] = Array.from({ length: expression.groupCount() }, () => null);
  for (const [name, group] of Object.entries(expression.namedGroups())) groupNames[group - 1] = name;
  return { expression, groupNames, global, skipEmpty, size: expression.programSize() };
}

function compiled(pattern: Json, flags: Json, meter: Meter): Compiled {
  if (typeof pattern !== 'string') return typeError(pattern, 'is not a string');
  if (flags !== null && typeof flags !== 'string') return typeError(flags, 'is not a string');
  const key = `${flags ?? ''}/${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  meter.checkTime();
  const fresh = build(pattern, flags ?? '');
  meter.tick(fresh.size);
  meter.checkTime();
  const oldest = cache.keys().next();
  if (cache.size >= MAX_CACHED && oldest.done !== true) cache.delete(oldest.value);
  cache.set(key, fresh);
  return fresh;
}

/** Counts one pass of the engine before it starts: characters times instructions. */
function chargeScan(text: string, size: number, meter: Meter): void {
  meter.tick(Math.ceil((text.length * size) / 16) + 1);
}

/**
 * A text that reads the clock while the engine reads the text. The engine takes String objects, and keeps nothing
 * of a search that was left by an exception.
 */
class TimedText extends String {
  private readonly meter: Meter;
  private readonly readingsPerCheck: number;
  private readings = 0;

  constructor(text: string, size: number, meter: Meter) {
    super(text);
    this.meter = meter;
    this.readingsPerCheck = Math.ceil(INSTRUCTIONS_PER_CLOCK_READING / size);
  }

  override charCodeAt(index: number): number {
    if (++this.readings >= this.readingsPerCheck) {
      this.readings = 0;
      this.meter.checkTime();
    }
    return super.charCodeAt(index);
  }
}

/** The text as the engine may search it. */
export function searched(text: string, size: number, meter: Meter): string {
  chargeScan(text, size, meter);
  meter.checkTime();
  // The types of the engine know primitive strings alone; it uses no more of them than a String object has.
  return new TimedText(text, size, meter) as unknown as string;
}

type Matcher = ReturnType<RE2JS['matcher']>;

function capture(
  matcher: Matcher,
  group: number,
  text: string,
  points: (offset: number) => number,
): JsonObject {
  const start = matcher.start(group);
  if (start === -1) return { offset: -1, length: 0, string: null };
  const string = text.slice(start, matcher.end(group));
  const offset = points(start);
  return { offset, length: points(matcher.end(group)) - offset, string };
}

/** jq's `test`. */
export function testRegex(text: Json, pattern: Json, flags: Json, meter: Meter): boolean {
  if (typeof text !== 'string') return typeError(text, 'cannot be matched, as it is not a string');
  const regex = compiled(pattern, flags, meter);
  if (!regex.skipEmpty) return regex.expression.test(searched(text, regex.size, meter));
  return matchRegex(text, pattern, flags, meter).length > 0;
}

/** jq's `match` as an array: offsets and lengths count code points, a group that took no part has offset -1. */
export function matchRegex(text: Json, pattern: Json, flags: Json, meter: Meter): Json[] {
  if (typeof text !== 'string') return typeError(text, 'cannot be matched, as it is not a string');
  const { expression, groupNames, global, skipEmpty, size } = compiled(pattern, flags, meter);
  const matcher = expression.matcher(searched(text, size, meter));
  const points = offsetCounter(text);
  const found: Json[] = [];
  for (let from = 0; from <= text.length;) {
    meter.tick();
    meter.checkTime();
    if (!matcher.find(from)) break;
    const end = matcher.end();
    const isEmpty = end === matcher.start();
    from = isEmpty ? end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1) : end;
    if (isEmpty && skipEmpty) continue;
    meter.charge((groupNames.length + 1) * 4 * HEADER_BYTES);
    const whole = capture(matcher, 0, text, points);
    const captures = groupNames.map((name, at) => ({ ...capture(matcher, at + 1, text, points), name }));
    found.push({ ...whole, captures });
    if (!global) break;
  }
  return found;
}
