/**
 * Says where and why a text is not JSON (RFC 8259). Only for texts that `JSON.parse` has refused: its own
 * messages often name no position. One pass with an explicit stack, so nesting costs no call stack.
 */

/** A fault and the offset (UTF-16 code units) at which it shows. */
interface JsonFault {
  offset: number;
  message: string;
}

type Expecting = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'comma-or-end' | 'nothing';

const LITERALS = ['true', 'false', 'null'];
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORD = /[A-Za-z0-9_$+\-.]+/y;
const HEX4 = /[0-9a-fA-F]{4}/y;

/** The first fault of `text`, or null when it is JSON. */
export function findJsonFault(text: string): JsonFault | null {
  const open: ('{' | '[')[] = [];
  let expecting: Expecting = 'value';
  let offset = 0;
  for (;;) {
    offset = skipSpace(text, offset);
    const char = text[offset];
    if (char === undefined) {
      return expecting === 'nothing' ? null : { offset, message: atEnd(expecting, open.at(-1)) };
    }
    const step = takeToken(text, offset, expecting, open);
    if ('message' in step) return step;
    offset = step.next;
    expecting = step.expecting;
  }
}

/** "line 3, column 7" of an offset; both count from 1. */
export function lineAndColumn(text: string, offset: number): string {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++;
    start = at + 1;
  }
  return `line ${line}, column ${offset - start + 1}`;
}

function takeToken(
  text: string,
  offset: number,
  expecting: Expecting,
  open: ('{' | '[')[],
): JsonFault | { next: number; expecting: Expecting } {
  const char = text[offset];
  const inside = open.at(-1);
  if ((char === '}' && inside === '{') || (char === ']' && inside === '[')) {
    if (expecting === 'comma-or-end' || expecting === 'key-or-end' || expecting === 'value-or-end') {
      open.pop();
      return { next: offset + 1, expecting: afterValue(open) };
    }
  }
  switch (expecting) {
    case 'nothing':
      return { offset, message: `unexpected ${found(text, offset)} after the JSON value` };
    case 'comma-or-end':
      if (char === ',') return { next: offset + 1, expecting: inside === '{' ? 'key' : 'value' };
      return { offset, message: `expected "," or "${closer(inside)}" but found ${found(text, offset)}` };
    case 'colon':
      if (char === ':') return { next: offset + 1, expecting: 'value' };
      return {
        offset,
        message: `expected ":" after the property name but found ${found(text, offset)}`,
      };
    case 'key':
    case 'key-or-end':
      if (char !== '"') return { offset, message: notAKey(text, offset, expecting) };
      return takeString(text, offset, 'colon');
    case 'value':
    case 'value-or-end':
      return takeValue(text, offset, open);
  }
}

function takeValue(
  text: string,
  offset: number,
  open: ('{' | '[')[],
): JsonFault | { next: number; expecting: Expecting } {
  const char = text[offset];
  if (char === '{' || char === '[') {
    open.push(char);
    return { next: offset + 1, expecting: char === '{' ? 'key-or-end' : 'value-or-end' };
  }
  if (char === '"') return takeString(text, offset, afterValue(open));
  const word = match(WORD, text, offset);
  if (word !== '' && (LITERALS.includes(word) || match(NUMBER, text, offset) === word)) {
    return { next: offset + word.length, expecting: afterValue(open) };
  }
  if (char === ']' && open.at(-1) === '[') {
    return { offset, message: 'expected a value but found "]"; remove the comma before it' };
  }
  if (char === "'") return { offset, message: "strings stand in double quotes, not in single quotes (')" };
  if (char === '/') return { offset, message: 'JSON has no comments' };
  const hint = /^[-+.]?[0-9]/.test(word) ? 'is not a JSON number' : 'is not a JSON value';
  return { offset, message: `${found(text, offset)} ${hint}` };
}

function takeString(
  text: string,
  offset: number,
  expecting: Expecting,
): JsonFault | { next: number; expecting: Expecting } {
  for (let at = offset + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { next: at + 1, expecting };
    if (code < 0x20) {
      return {
        offset: at,
        message: `a string cannot hold ${found(text, at)} as it is; write it as an escape`,
      };
    }
    if (code !== 0x5c) continue;
    at++;
    const escape = text[at];
    if (escape === undefined) break;
    if (escape === 'u') {
      if (match(HEX4, text, at + 1) === '') {
        return { offset: at - 1, message: 'expected four hexadecimal digits after "\\u"' };
      }
      at += 4;
    } else if (!'"\\/bfnrt'.includes(escape)) {
      return { offset: at - 1, message: `"\\${escape}" is not a JSON escape` };
    }
  }
  return { offset, message: 'the string that begins here has no closing quote' };
}

function notAKey(text: string, offset: number, expecting: 'key' | 'key-or-end'): string {
  const char = text[offset];
  if (char === '}') return 'expected a property name but found "}"; remove the comma before it';
  const wanted = expecting === 'key' ? 'a property name' : 'a property name or "}"';
  const quotes =
    char === "'" || /[A-Za-z_$]/.test(char ?? '') ? '; property names stand in double quotes' : '';
  return `expected ${wanted} but found ${found(text, offset)}${quotes}`;
}

function atEnd(expecting: Expecting, inside: '{' | '[' | undefined): string {
  if (inside === undefined) return 'the text is empty; expected a JSON value';
  const wanted: Record<Expecting, string> = {
    value: 'a value',
    'value-or-end': 'a value or "]"',
    key: 'a property name',
    'key-or-end': 'a property name or "}"',
    colon: '":"',
    'comma-or-end': `"," or "${closer(inside)}"`,
    nothing: 'nothing more',
  };
  return `the text ends too early; expected ${wanted[expecting]}`;
}

const closer = (inside: '{' | '[' | undefined): string => (inside === '{' ? '}' : ']');
const afterValue = (open: readonly string[]): Expecting => (open.length === 0 ? 'nothing' : 'comma-or-end');

function skipSpace(text: string, offset: number): number {
  let at = offset;
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++;
  return at;
}

function match(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? '';
}

/** The word or character at `offset`, fit for a message. */
function found(text: string, offset: number): string {
  const code = text.codePointAt(offset) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa1) || (code >= 0xd800 && code < 0xe000) || code === 0xfeff) {
    return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  }
  const word = match(WORD, text, offset);
  if (word.length > 40) return `"${word.slice(0, 40)}…"`;
  return word === '' ? JSON.stringify(String.fromCodePoint(code)) : `"${word}"`;
}
