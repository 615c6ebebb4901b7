/** Whom something failed for rests, longer each time, and never for good. */
import { expect, it } from 'vitest';
import { createRests } from '../../../worker/rests.ts';

it('rests twice as long after each failure, up to a minute, and from the beginning after a success', () => {
  const rests = createRests();
  const lengths: number[] = [];
  for (let failures = 0; failures < 8; failures++) {
    rests.rest('a', 0);
    lengths.push(
      [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000].find((ms) => rests.ids(ms).length === 0) ?? -1,
    );
  }
  expect(lengths).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  expect(rests.ids(59_999)).toEqual(['a']);
  rests.end('a');
  expect(rests.ids(0)).toEqual([]);
  rests.rest('a', 0);
  expect(rests.ids(1000)).toEqual([]);
});
