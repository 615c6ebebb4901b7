/** multipleOf, minimum, maximum and the exclusive bounds (validation 6.2). */
import { isMultiple } from '../multiple.ts';
import type { KeywordFactory } from './context.ts';

type Compare = (value: number, bound: number) => boolean;

const bounded =
  (holds: Compare, words: string): KeywordFactory =>
  (bound, context) => {
    if (typeof bound !== 'number') return context.problem('must be a number');
    return (value, run) =>
      typeof value !== 'number' || holds(value, bound) || run.report(() => `must be ${words} ${bound}`);
  };

export const minimum = bounded((value, bound) => value >= bound, 'at least');
export const maximum = bounded((value, bound) => value <= bound, 'at most');
export const exclusiveMinimum = bounded((value, bound) => value > bound, 'greater than');
export const exclusiveMaximum = bounded((value, bound) => value < bound, 'less than');

export const multipleOf: KeywordFactory = (divisor, context) => {
  if (typeof divisor !== 'number' || divisor <= 0) return context.problem('must be a number greater than 0');
  return (value, run) =>
    typeof value !== 'number' ||
    isMultiple(value, divisor) ||
    run.report(() => `must be a multiple of ${divisor}`);
};
