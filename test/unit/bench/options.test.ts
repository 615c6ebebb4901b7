import { expect, test } from 'vitest';
import { readOptions } from '../../../bench/lib/options.ts';

test('only the whole benchmark makes a result worth keeping', () => {
  expect(readOptions([]).isWhole).toBe(true);
  expect(readOptions(['--quick']).isWhole).toBe(false);
  expect(readOptions(['--only=drain']).isWhole).toBe(false);
  expect(readOptions(['--rounds=1']).isWhole).toBe(false);
});

test('--only names the scenarios that run', () => {
  const { has } = readOptions(['--only=drain,cold']);
  expect([has('drain'), has('cold'), has('latency')]).toEqual([true, true, false]);
  expect(readOptions([]).has('scale')).toBe(true);
  expect(() => readOptions(['--only=drains'])).toThrow('drains');
});

test('numbers that are none are refused', () => {
  expect(readOptions(['--rounds=2']).sizes.rounds).toBe(2);
  expect(() => readOptions(['--rounds=0'])).toThrow('--rounds');
  expect(() => readOptions(['--flush-ms=-1'])).toThrow('--flush-ms');
});
