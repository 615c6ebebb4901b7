import { expect, test } from 'vitest';
import { goalText, isMet, type Line } from '../../../bench/lib/goals.ts';
import { formatTable } from '../../../bench/lib/table.ts';

const line: Line = { name: 'drain', unit: '/s', digits: 0, baseline: 1000, vespid: 2900 };

test('a goal of a ratio compares Vespid with the baseline, at its bound too', () => {
  expect(isMet({ ...line, goal: { kind: 'ratio', atLeast: 2.8 } })).toBe(true);
  expect(isMet({ ...line, goal: { kind: 'ratio', atLeast: 2.9 } })).toBe(true);
  expect(isMet({ ...line, goal: { kind: 'ratio', atLeast: 3 } })).toBe(false);
  expect(isMet({ ...line, goal: { kind: 'ratio', atMost: 1.15 } })).toBe(false);
});

test('an absolute goal looks at Vespid alone', () => {
  expect(isMet({ ...line, baseline: Number.NaN, goal: { kind: 'absolute', atMost: 3000 } })).toBe(true);
  expect(isMet({ ...line, baseline: Number.NaN, goal: { kind: 'absolute', atLeast: 3000 } })).toBe(false);
});

test('a figure that is missing meets no goal, and a line without a goal has no verdict', () => {
  expect(isMet({ ...line, vespid: Number.NaN, goal: { kind: 'ratio', atMost: 1 } })).toBe(false);
  expect(isMet({ ...line, baseline: Number.NaN, goal: { kind: 'ratio', atLeast: 1 } })).toBe(false);
  expect(isMet(line)).toBeNull();
});

test('a goal is said in its unit', () => {
  expect(goalText({ kind: 'ratio', atLeast: 1.6 }, line)).toBe('≥ 1.60 ×');
  expect(goalText({ kind: 'absolute', atMost: 130 }, { unit: 'MB', digits: 0 })).toBe('≤ 130 MB');
});

test('the table has a line for each figure, in columns, with the ratio and the verdict', () => {
  const text = formatTable([
    { ...line, goal: { kind: 'ratio', atLeast: 2.8 } },
    {
      ...line,
      name: 'memory',
      unit: 'MB',
      baseline: Number.NaN,
      vespid: 140,
      goal: { kind: 'absolute', atMost: 130 },
    },
  ]);
  const [head, drain, memory] = text.split('\n');
  expect(head?.trim().split(/\s{2,}/)).toEqual(['baseline', 'Vespid', 'ratio', 'goal']);
  expect(drain?.split(/\s{2,}/)).toEqual(['drain, /s', '1000', '2900', '2.90 ×', '≥ 2.80 ×', 'met']);
  expect(memory?.split(/\s{2,}/)).toEqual(['memory, MB', '-', '140', '≤ 130 MB', 'MISSED']);
  expect(drain?.indexOf('2900')).toBe((memory?.indexOf('140') ?? 0) - 1);
});
