import { describe, expect, it } from 'vitest';
import { compare, equals, toJsonText, truthy, typeName } from '../../../lib/jq/index.ts';
import { output, outputs } from './evaluate.ts';

describe('text of numbers', () => {
  it.each([
    [1, '1'],
    [1.5, '1.5'],
    [-0, '-0'],
    [1e15, '1000000000000000'],
    [1e16, '1e+16'],
    [1e17, '1e+17'],
    [123_456_789_012_345_680_000, '123456789012345680000'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e300, '1.5e+300'],
    [5e-324, '5e-324'],
    [3.0, '3'],
    [1_234_567_890_987_654_400, '1234567890987654400'],
    [NaN, 'null'],
    [Infinity, '1.7976931348623157e+308'],
    [-Infinity, '-1.7976931348623157e+308'],
  ])('%d is %s', (value, text) => {
    expect(toJsonText(value)).toBe(text);
  });
});

describe('arithmetic', () => {
  it.each([
    ['[7, -7 | . % 3, . % -3]', [1, 1, -1, -1]],
    ['[5.9 % 2.1, 1e20 % 7, (infinite % 3), (5 % infinite)]', [1, 0, 1, 5]],
    ['[(-5 | abs), (0 | -.), (1 / 3 * 3)]', [5, 0, 1]],
    ['[3.7, -3.7 | floor, ceil, round, trunc]', [3, 4, 4, 3, -4, -3, -4, -3]],
    ['[0.5, 1.5, 2.5, -0.5 | rint]', [0, 2, 2, 0]],
    ['[-0.5, 2.5 | round]', [-1, 3]],
    ['[8 | frexp, logb, significand, log2, exp2]', [[0.5, 4], 3, 1, 3, 256]],
    ['[ldexp(1; 10), scalb(3; 2), scalbln(1; -1), pow(2; 0.5) * pow(2; 0.5) | round]', [1024, 12, 1, 2]],
    ['[5 | tgamma, (lgamma | . * 1e6 | round)]', [24, 3_178_054]],
    ['[3.25 | modf]', [[0.25, 3]]],
    [
      '[drem(5; 3), drem(4; 3), fmin(1; 2), fmax(1; 2), fma(2; 3; 4), copysign(1; -2)]',
      [-1, 1, 1, 2, 10, -1],
    ],
    ['[1 | nextafter(.; 2) > 1, nextafter(.; 0) < 1]', [true, true]],
  ])('%s', (source, expected) => {
    const value = output(source);
    if (!Array.isArray(value)) throw new Error('not an array');
    expect(value.map((item) => (item === 0 ? 0 : item))).toEqual(expected);
  });

  it('gives results that JSON can hold', () => {
    expect(outputs('nan, infinite, -infinite, [nan, {a: infinite}], 1e1000')).toEqual([
      null,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      [null, { a: Number.MAX_VALUE }],
      Number.MAX_VALUE,
    ]);
  });

  it('knows NaN and infinity inside a program', () => {
    expect(
      output('[nan < 1, nan == nan, (nan | isnan), ([nan, 1] | min | isnan), (infinite | isinfinite)]'),
    ).toEqual([true, false, true, true, true]);
  });

  it('parses numbers strictly', () => {
    expect(output('[" 1", "1 ", "0x1", "", "1e3", "+.5", "-2."] | map(try tonumber catch "no")')).toEqual([
      'no',
      'no',
      'no',
      'no',
      1000,
      0.5,
      -2,
    ]);
  });
});

describe('order', () => {
  it('is null, booleans, numbers, strings, arrays, objects', () => {
    const sorted = [
      null,
      false,
      true,
      -1,
      0,
      'a',
      'b',
      '\uffff',
      '\u{1f600}',
      [],
      [0],
      {},
      { a: 1 },
      { a: 2 },
      { b: 0 },
    ];
    expect(output('sort', sorted.toReversed())).toEqual(sorted);
    for (let index = 1; index < sorted.length; index++) {
      expect(compare(sorted[index - 1] ?? null, sorted[index] ?? null)).toBeLessThan(0);
    }
  });

  it('compares objects by their sorted keys before their values', () => {
    expect(compare({ b: 1 }, { a: 9, b: 0 })).toBeGreaterThan(0);
    expect(compare({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(0);
  });

  it('sorts stably and groups by key', () => {
    const input = [
      { k: 2, v: 1 },
      { k: 1, v: 2 },
      { k: 2, v: 3 },
    ];
    expect(output('sort_by(.k) | map(.v)', input)).toEqual([2, 1, 3]);
    expect(output('group_by(.k) | map(map(.v))', input)).toEqual([[2], [1, 3]]);
    expect(output('[unique_by(.k)[].v]', input)).toEqual([2, 1]);
    expect(output('[min_by(.k).v, max_by(.k).v]', input)).toEqual([2, 3]);
  });
});

describe('helpers for callers', () => {
  it('agree with the language', () => {
    expect(equals({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(equals([1, 2], [1])).toBe(false);
    expect(equals({ a: 1 }, { b: 1 })).toBe(false);
    expect([null, false, 0, '', []].map(truthy)).toEqual([false, false, true, true, true]);
    expect([null, true, 1, 'a', [], {}].map(typeName)).toEqual([
      'null',
      'boolean',
      'number',
      'string',
      'array',
      'object',
    ]);
    expect(toJsonText({ a: [1e17, 'x"'], b: {} })).toBe('{"a":[1e+17,"x\\""],"b":{}}');
  });
});
