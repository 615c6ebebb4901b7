/** Which events start a run together. */
import { describe, expect, it } from 'vitest';
import { collectAll, collectEvery, collectUntilEvents } from '../../../lib/schedules/collect.ts';
import type { Json } from '../../../lib/engine/types.ts';
import { readStrategy } from '../../../lib/schedules/strategy.ts';

const filter = (type: string) => ({ with: { type } });
const until = (ending: Json) => readStrategy({ any: [filter('a'), filter('b')], until: ending }, '');

describe('`all`', () => {
  it('takes the first event for each filter, and leaves what comes too early for the next run', () => {
    expect(collectAll([[0], [0], [1]], 2)).toEqual({ taken: [0, 2], used: [0, 2] });
    expect(collectAll([[0], [0]], 2)).toBeNull();
    expect(collectAll([[1], [0]], 2)).toEqual({ taken: [0, 1], used: [0, 1] });
  });

  it('gives an event to the first of its filters that has none, and to no other', () => {
    expect(collectAll([[0, 1]], 2)).toBeNull();
    expect(
      collectAll(
        [
          [0, 1],
          [0, 1],
        ],
        2,
      ),
    ).toEqual({ taken: [0, 1], used: [0, 1] });
    expect(collectAll([[0], [0, 1]], 2)).toEqual({ taken: [0, 1], used: [0, 1] });
  });
});

describe('`any` with `until`', () => {
  it('takes what came before the event that ends it, and not that event', () => {
    const strategy = until({ one: filter('end') });
    expect(collectUntilEvents([[0], [1]], strategy)).toBeNull();
    expect(collectUntilEvents([[0], [1], [2], [0]], strategy)).toEqual({ taken: [0, 1], used: [0, 1, 2] });
    // It passes a filter too, and counts once: for `until`.
    expect(collectUntilEvents([[0], [1, 2]], strategy)).toEqual({ taken: [0], used: [0, 1] });
  });

  it('waits for each of several ending events when it is `all` of them', () => {
    const strategy = until({ all: [filter('x'), filter('y')] });
    expect(collectUntilEvents([[0], [2], [2], [1]], strategy)).toBeNull();
    expect(collectUntilEvents([[0], [2], [1], [3]], strategy)).toEqual({ taken: [0, 2], used: [0, 1, 2, 3] });
  });

  it('takes every event so far when an expression ends it', () => {
    expect(collectEvery([[0], [1], [2]], 2)).toEqual({ taken: [0, 1], used: [0, 1, 2] });
  });
});
