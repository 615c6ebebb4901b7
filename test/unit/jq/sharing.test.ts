import { describe, expect, it } from 'vitest';
import { compile, JqError, JqLimitError } from '../../../lib/jq/index.ts';
import { errorOf, outputs } from './evaluate.ts';

/** Forty small arrays (or objects) whose JSON text would have more than 2 to the power of 40 characters. */
const ARRAYS = 'reduce range(40) as $i (0; [., .])';
const OBJECTS = 'reduce range(40) as $i (0; {a: ., b: .})';

describe('values whose parts are shared so often that their text would never end', () => {
  it.each([
    `error(${ARRAYS})`,
    `error(${OBJECTS})`,
    `${ARRAYS} as $x | error({a: $x})`,
    `[${ARRAYS}] | map(error)`,
    `[${ARRAYS}] | .[0] |= error`,
    `try error(${ARRAYS}) catch error`,
  ])('do not leave a program as an error: %s', (source) => {
    expect(() => outputs(source)).toThrow(expect.objectContaining({ name: 'JqLimitError', limit: 'bytes' }));
  });

  it.each([ARRAYS, OBJECTS, `${ARRAYS} as $x | $x, $x`, `[${ARRAYS}] | .[]`, `{a: ${OBJECTS}}`])(
    'do not leave a program as its output: %s',
    (source) => {
      expect(() => outputs(source)).toThrow(
        expect.objectContaining({ name: 'JqLimitError', limit: 'bytes' }),
      );
    },
  );

  it.each([
    '-.',
    'tonumber',
    '{(.): 1}',
    '@csv',
    '. as $x | null | .[$x]',
    '. as $x | 1 | path($x[0])',
    '[.] | implode',
  ])('are shown in the message of %s by their head', (source) => {
    expect(errorOf(`${ARRAYS} | ${source}`)).toContain('[[[[[[[[[[[[[[[[');
  });

  it('may be used and thrown within the program', () => {
    expect(outputs(`${ARRAYS} as $x | try error($x) catch length`)).toEqual([2]);
  });
});

describe('an uncaught error', () => {
  it.each([
    ['"x" * 100000', /^x{600}…$/],
    ['["x" * 100000]', /^\["x{598}…$/],
    ['{("x" * 100000): 1}', /^\{"x{598}…$/],
    ['[range(100000)]', /^\[0,1,2,.{593}…$/],
  ])('with the value %s has a short message', (value, message) => {
    expect(errorOf(`${value} | error`)).toMatch(message);
  });

  it('keeps a message of 600 characters as it is', () => {
    expect(errorOf('"x" * 600 | error')).toBe('x'.repeat(600));
  });

  it('has a value as JSON can hold it', () => {
    expect(() => outputs('error([nan, infinite])')).toThrow(
      expect.objectContaining({ name: 'JqError', value: [null, Number.MAX_VALUE] }),
    );
  });

  it('counts its value as an output of the program', () => {
    const program = compile('error("x" * 3000)', { variables: [] });
    expect(() => program.run(null, [], { limits: { maxBytes: 20_000 } })).toThrow(JqError);
    expect(() => program.run(null, [], { limits: { maxBytes: 5000 } })).toThrow(JqLimitError);
  });
});

describe('outputs that are parts of the input', () => {
  const input = Array.from({ length: 1000 }, () => 'x'.repeat(1000));

  it('count when there are many of them', () => {
    const copies = Array.from({ length: 10 }, () => '(., .)').join(' | ');
    expect(() => outputs(copies, input)).toThrow(
      expect.objectContaining({ name: 'JqLimitError', limit: 'bytes' }),
    );
  });

  it('do not count when there is one', () => {
    expect(outputs('.', input, { maxBytes: 1000 })).toEqual([input]);
  });
});
