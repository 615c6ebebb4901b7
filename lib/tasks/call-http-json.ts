/** JSON from another service: strict UTF-8 and bounded nesting. Problems never quote the text. */
import type { Json } from './types.ts';

const MAX_DEPTH = 500;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /[0-9.eE+-]*/y;

/**
 * Parses JSON bytes (RFC 8259). NUL and lone surrogates written as escapes are kept as they are.
 * One iterative pass looks at nesting and numbers before anything recursive sees the value.
 */
export function parseJson(bytes: Uint8Array): { ok: true; value: Json } | { ok: false; problem: string } {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, problem: 'it is not valid UTF-8' };
  }
  const problem = excessOf(text);
  if (problem !== null) return { ok: false, problem };
  try {
    // JSON.parse returns `any`; by RFC 8259 it is a Json.
    return { ok: true, value: JSON.parse(text) as Json };
  } catch {
    return { ok: false, problem: 'it is not valid JSON' };
  }
}

/** Nesting beyond MAX_DEPTH, or a number that would become Infinity, which JSON cannot write again. */
function excessOf(text: string): string | null {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) {
      depth++;
      if (depth > MAX_DEPTH) return `it nests deeper than ${MAX_DEPTH} levels`;
    } else if (code === 0x5d || code === 0x7d) depth--;
    else if (code >= 0x30 && code <= 0x39) {
      const end = endOfNumber(text, at);
      if (Number(text.slice(at, end)) === Infinity) return 'a number is out of range';
      at = end - 1;
    }
  }
  return null;
}

/** Index of the closing quote, or the end. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Index after the digits, sign, point and exponent of a number. */
function endOfNumber(text: string, start: number): number {
  NUMBER.lastIndex = start;
  NUMBER.test(text);
  return NUMBER.lastIndex;
}
