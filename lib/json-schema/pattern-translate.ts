/** ECMA-262 regular expressions (core 6.4) as RE2 reads them; what RE2 cannot do is refused by name. */
import { translateEscape } from './pattern-escape.ts';

/** Longest pattern, in UTF-16 units. */
const MAX_LENGTH = 4096;
/** Instructions a pattern may take once its counted repetitions are written out. */
const MAX_EXPANSION = 5000;
const MAX_GROUPS = 250;
/** Compiling a class of Unicode takes as long as this many other parts. */
const UNICODE_CLASS_COST = 50;

/** `cost`: about how many instructions it compiles to, a class of Unicode counted as many. */
export type Translation = { ok: true; text: string; cost: number } | { ok: false; message: string };

const fail = (message: string): Translation => ({ ok: false, message });

/** Counts what repetitions multiply. */
interface Sizes {
  /** Of what was read in the present group. */
  group: number;
  /** Of the last atom. */
  atom: number;
  readonly outer: number[];
  groups: number;
}

const ANY = '\\x{0}-\\x{10ffff}';

/** Reads a class from behind its bracket. */
function translateClass(pattern: string, start: number): { text: string; next: number } | string {
  const negated = pattern.charAt(start) === '^';
  let at = negated ? start + 1 : start;
  let members = '';
  while (at < pattern.length && pattern.charAt(at) !== ']') {
    const character = pattern.charAt(at);
    if (character === '\\') {
      const escape = translateEscape(pattern, at + 1, true);
      if (!escape.ok) return escape.message;
      members += escape.text;
      at = escape.next;
    } else {
      members += character === '[' || character === '^' ? `\\${character}` : character;
      at++;
    }
  }
  if (at >= pattern.length) return 'has a character class without its end';
  if (members === '') return { text: negated ? `[${ANY}]` : `[^${ANY}]`, next: at + 1 };
  return { text: `[${negated ? '^' : ''}${members}]`, next: at + 1 };
}

function openGroup(pattern: string, at: number, sizes: Sizes): string | null {
  if (/^\(\?<?[=!]/.test(pattern.slice(at, at + 4))) {
    return 'look-around is not supported: patterns run in linear time (RE2)';
  }
  if (++sizes.groups > MAX_GROUPS) return `has more than ${MAX_GROUPS} groups`;
  sizes.outer.push(sizes.group);
  sizes.group = 0;
  return null;
}

function add(sizes: Sizes, size: number): void {
  sizes.atom = size;
  sizes.group += size;
}

/** Reads a counted repetition; a brace that opens none stands for itself. */
function translateBrace(pattern: string, at: number, sizes: Sizes): { text: string; next: number } {
  const found = /^\{(\d{1,9})(?:,(\d{0,9}))?\}/.exec(pattern.slice(at, at + 24));
  if (found === null) {
    add(sizes, 1);
    return { text: '\\{', next: at + 1 };
  }
  const times = Math.max(Number(found[1]), Number(found[2] ?? 0), 1);
  const { atom } = sizes;
  sizes.group += atom * (times - 1);
  sizes.atom = atom * times;
  return { text: found[0], next: at + found[0].length };
}

/** Translates a pattern. The result is to be compiled by RE2, which finds what else is wrong with it. */
export function translatePattern(pattern: string): Translation {
  if (pattern.length > MAX_LENGTH) return fail(`is longer than ${MAX_LENGTH} characters`);
  const classes = (pattern.match(/\\p/gi) ?? []).length;
  const sizes: Sizes = { group: classes * UNICODE_CLASS_COST, atom: 0, outer: [], groups: 0 };
  let text = '';
  for (let at = 0; at < pattern.length;) {
    const character = pattern.charAt(at);
    let part: { text: string; next: number } = { text: character, next: at + 1 };
    if (character === '\\') {
      const escape = translateEscape(pattern, at + 1, false);
      if (!escape.ok) return escape;
      part = escape;
      add(sizes, 1);
    } else if (character === '[') {
      const found = translateClass(pattern, at + 1);
      if (typeof found === 'string') return fail(found);
      part = found;
      add(sizes, 1);
    } else if (character === '(') {
      const message = openGroup(pattern, at, sizes);
      if (message !== null) return fail(message);
    } else if (character === ')') {
      const size = sizes.group + 2;
      sizes.group = sizes.outer.pop() ?? 0;
      add(sizes, size);
    } else if (character === '{') part = translateBrace(pattern, at, sizes);
    else if (character === '.') {
      part.text = '[^\\n\\r\\x{2028}\\x{2029}]';
      add(sizes, 1);
    } else if (!'*+?|'.includes(character)) add(sizes, 1);
    if (sizes.group > MAX_EXPANSION)
      return fail(`is too large: written out it has over ${MAX_EXPANSION} parts`);
    text += part.text;
    at = part.next;
  }
  return { ok: true, text, cost: sizes.group };
}
