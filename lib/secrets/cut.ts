/**
 * Beginnings of secrets where a text was cut. jq puts at most 29 bytes of a value into its messages, and other texts
 * are cut at other lengths, so that the beginning of a secret can stand before `...` or `…`, too short to be found as
 * a piece.
 */
import { MIN_SECRET_LENGTH } from './forms.ts';
import type { Span } from './search.ts';

/** Of a beginning, in UTF-16 units. Longer texts are cut later than any message. */
const MAX_BEGINNING = 600;
/** Cuts that are looked at in one text; messages have one or two. */
const MAX_CUTS = 20;
const CUT = /\.{3}|…/g;

export interface Beginnings {
  add(form: string): void;
  /** The stretches of `text` that end at a cut and are the beginning of a form. */
  spansIn(text: string): Span[];
}

/** Whether one of the sorted forms begins with `piece`: the first that is not before it does, or none. */
function isBeginning(sorted: readonly string[], piece: string): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < piece) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.startsWith(piece) ?? false;
}

export function createBeginnings(): Beginnings {
  const forms: string[] = [];
  let sorted = true;
  return {
    add(form) {
      forms.push(form.slice(0, MAX_BEGINNING));
      sorted = false;
    },
    spansIn(text) {
      const spans: Span[] = [];
      let cuts = 0;
      for (const { index } of text.matchAll(CUT)) {
        if (++cuts > MAX_CUTS) break;
        // Most texts have no cut.
        if (!sorted) forms.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
        sorted = true;
        let start = Math.max(0, index - MAX_BEGINNING);
        const last = index - MIN_SECRET_LENGTH;
        while (start <= last && !isBeginning(forms, text.slice(start, index))) start += 1;
        if (start <= last) spans.push({ start, end: index });
      }
      return spans;
    },
  };
}
