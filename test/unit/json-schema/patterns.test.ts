/** Patterns are those of ECMA-262 as far as a linear-time engine can have them. */
import { describe, expect, it } from 'vitest';
import { isValid, mistakes } from './check.ts';

describe('pattern', () => {
  it.each<[pattern: string, matches: string[], others: string[]]>([
    ['a', ['bab'], ['b']],
    ['^a$', ['a'], ['a\n', 'ba']],
    ['^.$', ['x', '💩'], ['\n', '\r', '\u2028', 'xy']],
    ['^\\s$', [' ', '\t', '\u00a0', '\ufeff', '\u2029', '\u3000'], ['x', '\u0085', '\u200b']],
    ['^[\\S]$', ['x', '\u200b', '💩'], [' ', '\ufeff', '\u3000']],
    ['^\\d+$', ['123'], ['١٢٣']],
    ['^\\w$', ['_', 'a'], ['é']],
    ['^\\cJ$', ['\n'], ['J']],
    ['^\\u00e9\\x41\\u{1F4A9}\\ud83d\\udca9$', ['éA💩💩'], ['é']],
    ['^\\p{Letter}\\p{Lu}\\p{Script=Greek}$', ['éÀα'], ['1Àα', 'éàα', 'éÀa']],
    ['^[^]$', ['\n', 'x'], ['']],
    ['^[]$', [], ['', 'x', ']']],
    ['^[[a^]$', ['[', 'a', '^'], ['b']],
    ['^[a\\-z\\b]$', ['-', '\b'], ['m']],
    ['^x{,2}\\{$', ['x{,2}{'], ['xx{']],
    ['^a{2,3}?$', ['aa', 'aaa'], ['a', 'aaaa']],
    ['^(?<year>\\d{4})(?:-(\\d\\d))?$', ['2026', '2026-01'], ['26']],
    ['^\\/\\.$', ['/.'], ['/x']],
  ])('%s', (pattern, matches, others) => {
    expect(matches.filter((text) => !isValid({ pattern }, text))).toEqual([]);
    expect(others.filter((text) => isValid({ pattern }, text))).toEqual([]);
  });

  it.each([
    ['(?=a)', /look-around is not supported/],
    ['(?<!a)b', /look-around is not supported/],
    ['(a)\\1', /back-references are not supported/],
    ['(?<x>a)\\k<x>', /back-references are not supported/],
    ['\\Z', /\\Z is no escape of ECMA-262/],
    ['[a', /has a character class without its end/],
    ['(a', /missing closing \)/],
    ['a{1001}', /invalid repeat count/],
    ['a\\', /ends with a backslash/],
    ['\\u12', /hexadecimal digits/],
    ['((a{1,99}){1,99}){1,99}', /is too large/],
    ['x'.repeat(5000), /is longer than 4096 characters/],
    ['('.repeat(300), /has more than 250 groups/],
    ['\\p{L}'.repeat(500), /is too large/],
  ])('%s is a mistake of the schema that says why', (pattern, message) => {
    const [problem] = mistakes({ properties: { a: { pattern } } });
    expect(problem).toEqual({
      path: '/properties/a/pattern',
      message: expect.stringMatching(message) as string,
    });
    expect(mistakes({ patternProperties: { [pattern]: true } })).toHaveLength(1);
  });
});
