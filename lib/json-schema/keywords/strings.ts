/** Lengths, pattern and format of strings (validation 6.3 and 7). */
import { codePointLength } from '../../jq/strings.ts';
import { findFormat } from '../formats.ts';
import { count, excerpt } from '../problem.ts';
import type { Validation } from '../validation.ts';
import type { KeywordFactory } from './context.ts';

/** Compares the length in code points; counted only where the UTF-16 units do not decide. */
function isLonger(text: string, size: number, run: Validation): boolean {
  if (text.length <= size) return false;
  return text.length > size * 2 || codePointLength(text, run.meter) > size;
}

export const maxLength: KeywordFactory = (value, context) => {
  const size = context.size(value);
  if (size === null) return null;
  return (text, run) =>
    typeof text !== 'string' ||
    !isLonger(text, size, run) ||
    run.report(() => `must have at most ${count(size, 'character')}`);
};

export const minLength: KeywordFactory = (value, context) => {
  const size = context.size(value);
  if (size === null || size === 0) return null;
  return (text, run) =>
    typeof text !== 'string' ||
    isLonger(text, size - 1, run) ||
    run.report(() => `must have at least ${count(size, 'character')}`);
};

export const pattern: KeywordFactory = (value, context) => {
  if (typeof value !== 'string') return context.problem('must be a regular expression');
  const compiled = context.pattern(value);
  if (compiled === null) return null;
  return (text, run) =>
    typeof text !== 'string' ||
    compiled.test(text, run.meter) ||
    run.report(() => `must match the pattern ${excerpt(value)}`);
};

/** An assertion for the formats of lib/json-schema/formats.ts, an annotation for all others. */
export const format: KeywordFactory = (value, context) => {
  if (typeof value !== 'string') return context.problem('must be the name of a format');
  const found = findFormat(value);
  if (found === null) return null;
  return (text, run) => {
    if (typeof text !== 'string') return true;
    run.meter.tick(text.length >> 6);
    return found.test(text) || run.report(() => `must be ${found.words}`);
  };
};
