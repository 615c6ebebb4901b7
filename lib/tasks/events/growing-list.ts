/**
 * A list in the progress tree that only grows. It is kept as pieces of doubling length, so that what one more item
 * costs to write does not grow with the list: an item is written again only when its piece joins another, as often as
 * the length has binary digits.
 */
import type { Json } from '../../engine/types.ts';

/** By the binary digit of the length that a piece stands for; the longest piece has the first items. */
export type GrowingList = { [digit: string]: { data: Json[] } };

/** Appends an item. Pieces are replaced, never changed in place (parts.ts). */
export function append(list: GrowingList, item: Json): void {
  let data = [item];
  let digit = 0;
  for (let piece = list[digit]; piece !== undefined; piece = list[digit]) {
    data = [...piece.data, ...data];
    delete list[digit];
    digit += 1;
  }
  list[digit] = { data };
}

/** All items, in order. */
export function itemsOf(list: GrowingList): Json[] {
  const digits = Object.keys(list).map(Number);
  return digits.sort((a, b) => b - a).flatMap((digit) => list[digit]?.data ?? []);
}
