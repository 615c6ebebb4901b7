/** Searching texts in linear time, in pieces between which the meter reads the clock. */
import type { Meter } from './limits.ts';

/** Longer texts are searched for by an own algorithm: the one of JavaScript may take length times length. */
const MAX_PLAIN_LENGTH = 16;
/** UTF-16 units that are searched between two readings of the clock. */
const PIECE_LENGTH = 32 * 1024;
/** Bytes of an element of a table of failures. */
const FAILURE_BYTES = 4;

function tickPiece(meter: Meter): void {
  meter.tick(PIECE_LENGTH >> 6);
  meter.checkTime();
}

function* plainOccurrences(
  text: string,
  wanted: string,
  overlapping: boolean,
  meter: Meter,
): Generator<number> {
  const stride = overlapping ? 1 : wanted.length;
  let from = 0;
  for (let start = 0; start < text.length; start += PIECE_LENGTH) {
    if (start > 0) tickPiece(meter);
    const piece = text.slice(start, start + PIECE_LENGTH + wanted.length - 1);
    let at = piece.indexOf(wanted, Math.max(from - start, 0));
    for (; at !== -1; at = piece.indexOf(wanted, at + stride)) {
      yield start + at;
      from = start + at + stride;
    }
  }
}

/** For each prefix the length of its longest proper prefix that is its suffix too. */
function failureTable(wanted: string, meter: Meter): Int32Array {
  meter.charge(wanted.length * FAILURE_BYTES);
  const table = new Int32Array(wanted.length);
  let matched = 0;
  for (let at = 1; at < wanted.length; at++) {
    if (at % PIECE_LENGTH === 0) tickPiece(meter);
    const unit = wanted.charCodeAt(at);
    while (matched > 0 && wanted.charCodeAt(matched) !== unit) matched = table[matched - 1] ?? 0;
    if (wanted.charCodeAt(matched) === unit) matched++;
    table[at] = matched;
  }
  return table;
}

/** The algorithm of Knuth, Morris and Pratt. */
function* longOccurrences(
  text: string,
  wanted: string,
  overlapping: boolean,
  meter: Meter,
): Generator<number> {
  const table = failureTable(wanted, meter);
  let matched = 0;
  for (let at = 0; at < text.length; at++) {
    if (at % PIECE_LENGTH === PIECE_LENGTH - 1) tickPiece(meter);
    const unit = text.charCodeAt(at);
    while (matched > 0 && wanted.charCodeAt(matched) !== unit) matched = table[matched - 1] ?? 0;
    if (wanted.charCodeAt(matched) === unit) matched++;
    if (matched < wanted.length) continue;
    yield at + 1 - wanted.length;
    matched = overlapping ? (table[matched - 1] ?? 0) : 0;
  }
}

/** The offsets of `wanted`, which is not empty, in rising order. */
export function* occurrences(
  text: string,
  wanted: string,
  overlapping: boolean,
  meter: Meter,
): Generator<number> {
  if (wanted.length > text.length) return;
  meter.tick(1 + ((text.length % PIECE_LENGTH) >> 6));
  const search = wanted.length > MAX_PLAIN_LENGTH ? longOccurrences : plainOccurrences;
  for (const at of search(text, wanted, overlapping, meter)) {
    meter.tick();
    yield at;
  }
}

/** True when `wanted` stands somewhere in the text. */
export function includesText(text: string, wanted: string, meter: Meter): boolean {
  if (wanted === '') return true;
  return occurrences(text, wanted, true, meter).next().done !== true;
}
