import { expect, it } from 'vitest';
import type { Json } from '../../../../lib/engine/types.ts';
import { append, itemsOf, type GrowingList } from '../../../../lib/tasks/events/growing-list.ts';

it('keeps the order, and writes an item again as often as the length has binary digits at most', () => {
  const list: GrowingList = {};
  const pieces = new Set<Json[]>();
  const count = 1000;
  for (let item = 0; item < count; item += 1) {
    append(list, item);
    for (const { data } of Object.values(list)) pieces.add(data);
    expect(Object.keys(list).length).toBeLessThanOrEqual(10);
  }
  expect(itemsOf(list)).toEqual(Array.from({ length: count }, (_, index) => index));
  const written = [...pieces].reduce((sum, { length }) => sum + length, 0);
  expect(written).toBeLessThanOrEqual(count * 11);
});
