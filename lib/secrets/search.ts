/**
 * Where any of many patterns occurs in a text. Texts and patterns are hostile, so: time in proportion to the text
 * times the number of different window lengths (29 at most), memory in proportion to the patterns.
 *
 * A pattern of up to 32 units is one window. A longer one is cut into windows of 32 units that cover it, each of
 * which is found alone: so pieces of a long pattern are found too, for example where a text was cut off.
 * Windows of one length are found by a rolling hash (Karp and Rabin, 1987).
 */

/** Of a window, in UTF-16 units: what is found at a place depends on so many units after it at most. */
export const MAX_WINDOW = 32;

/** A stretch of a text; `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** The windows of one length. */
interface Windows {
  texts: Set<string>;
  /** One bit for the upper 16 bits of each window's hash. */
  filter: Uint8Array;
}

export interface Search {
  addPattern(pattern: string): void;
  /** The stretches of `text` that belong to patterns, in order; those that overlap or touch are one. */
  spansIn(text: string): Span[];
}

const bitOf = (hash: number): number => 1 << ((hash >>> 16) & 7);
const byteOf = (hash: number): number => hash >>> 19;

function hashOf(text: string, length: number, base: number): number {
  let hash = 0;
  for (let at = 0; at < length; at++) hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
  return hash;
}

/** Appends a span that starts at or after the last one. */
function append(spans: Span[], start: number, end: number): void {
  const last = spans.at(-1);
  if (last === undefined || start > last.end) spans.push({ start, end });
  else if (end > last.end) last.end = end;
}

function spansOfLength(text: string, length: number, { texts, filter }: Windows, base: number): Span[] {
  const spans: Span[] = [];
  const end = text.length - length;
  if (end < 0) return spans;
  let power = 1;
  for (let n = 1; n < length; n++) power = Math.imul(power, base);
  let hash = hashOf(text, length, base);
  for (let at = 0; ; at++) {
    const maybe = ((filter[byteOf(hash)] ?? 0) & bitOf(hash)) !== 0;
    if (maybe && texts.has(text.slice(at, at + length))) append(spans, at, at + length);
    if (at === end) return spans;
    const rest = (hash - Math.imul(text.charCodeAt(at), power)) | 0;
    hash = (Math.imul(rest, base) + text.charCodeAt(at + length)) | 0;
  }
}

/** The windows that cover a pattern: the last one may overlap the one before. */
function* windowsOf(pattern: string): Generator<string> {
  const last = Math.max(pattern.length - MAX_WINDOW, 0);
  for (let at = 0; at < last; at += MAX_WINDOW) yield pattern.slice(at, at + MAX_WINDOW);
  yield pattern.slice(last);
}

/** A search for no pattern yet. */
export function createSearch(): Search {
  // Not known to tenants, so that they cannot make texts that collide.
  const base = (Math.floor(Math.random() * 2 ** 31) * 2 + 1) | 0;
  const byLength = new Map<number, Windows>();
  const add = (window: string): void => {
    let windows = byLength.get(window.length);
    if (windows === undefined) {
      windows = { texts: new Set(), filter: new Uint8Array(2 ** 13) };
      byLength.set(window.length, windows);
    }
    windows.texts.add(window);
    const hash = hashOf(window, window.length, base);
    windows.filter[byteOf(hash)] = (windows.filter[byteOf(hash)] ?? 0) | bitOf(hash);
  };
  return {
    addPattern(pattern) {
      for (const window of windowsOf(pattern)) add(window);
    },
    spansIn(text) {
      return inOrder(
        [...byLength].flatMap(([length, windows]) => spansOfLength(text, length, windows, base)),
      );
    },
  };
}

/** Stretches in order; those that overlap or touch are one. */
export function inOrder(spans: Span[]): Span[] {
  const merged: Span[] = [];
  for (const { start, end } of spans.sort((a, b) => a.start - b.start)) append(merged, start, end);
  return merged;
}
