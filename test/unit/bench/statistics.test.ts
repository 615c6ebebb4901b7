import { expect, test } from 'vitest';
import { median, percentile } from '../../../bench/lib/statistics.ts';

test('a percentile is the nearest rank of the sorted values', () => {
  const values = [50, 15, 40, 20, 35];
  expect(percentile(values, 50)).toBe(35);
  expect(percentile(values, 40)).toBe(20);
  expect(percentile(values, 99)).toBe(50);
  expect(percentile(values, 0)).toBe(15);
  expect(values).toEqual([50, 15, 40, 20, 35]);
});

test('there is no percentile and no median of nothing', () => {
  expect(percentile([], 50)).toBeNaN();
  expect(median([])).toBeNaN();
});

test('a median of an even number of values is between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});
