import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/jq/index.ts';
import { errorOf, output, outputs } from './evaluate.ts';

describe('strings by code point', () => {
  it.each<[string, Json, Json[]]>([
    ['length, utf8bytelength', 'a😀é', [3, 7]],
    ['.[1:], .[:2], .[1:2]', 'a😀é', ['😀é', 'a😀', '😀']],
    ['indices("o")', '😀oo', [[1, 2]]],
    ['index(","), rindex(",")', 'a,b,c', [1, 3]],
    ['indices("aba")', 'xababababax', [[1, 3, 5, 7]]],
    ['explode', '😀a', [[128_512, 97]]],
    ['implode', [128_512, 97, 55_296, -1], ['😀a\ufffd\ufffd']],
    ['split("")', 'a😀', [['a', '😀']]],
    ['split(", ")', 'a, b', [['a', 'b']]],
    [
      '[match("."; "g") | [.offset, .length, .string]]',
      'a😀b',
      [
        [
          [0, 1, 'a'],
          [1, 1, '😀'],
          [2, 1, 'b'],
        ],
      ],
    ],
    ['ascii_downcase, ascii_upcase', 'aÉB', ['aÉb', 'AÉB']],
    ['trim, ltrim, rtrim', ' \u00a0a ', ['a', 'a ', ' \u00a0a']],
    ['ltrimstr("a"), rtrimstr("a"), trimstr("a")', 'aba', ['ba', 'ab', 'b']],
    ['startswith("ab"), endswith("ba"), contains("b")', 'aba', [true, true, true]],
    ['. * 3, . * 0, . * -1', 'ab', ['ababab', '', null]],
    ['. / ","', 'a,b', [['a', 'b']]],
    ['join("-")', ['a', 1, null, true], ['a-1--true']],
    ['tojson | fromjson', { a: ['\u0000"\\\u007f'] }, [{ a: ['\u0000"\\\u007f'] }]],
    ['tojson', '\u007f\u001f', ['"\\u007f\\u001f"']],
  ])('%s', (source, input, expected) => {
    expect(outputs(source, input)).toEqual(expected);
  });

  it('never fails on lone surrogates, and encodes them as U+FFFD', () => {
    const lone = 'a\ud800b';
    expect(output('[length, tojson, @uri, @base64, explode]', lone)).toEqual([
      3,
      '"a\ufffdb"',
      'a%EF%BF%BDb',
      'Ye+/vWI=',
      [97, 0xfffd, 98],
    ]);
    expect(output('test("b$")', lone)).toBe(true);
  });
});

describe('formats', () => {
  it.each<[string, Json, string]>([
    ['@text', [1, 'a'], '[1,"a"]'],
    ['@json', 'a"b', '"a\\"b"'],
    ['@html', `<&'">`, '&lt;&amp;&apos;&quot;&gt;'],
    ['@uri', "a b/ü!'()*~-_.", 'a%20b%2F%C3%BC%21%27%28%29%2A~-_.'],
    ['@urid', 'a%20%C3%BC+', 'a ü+'],
    ['@csv', [1, 'a"b', null, true, 1e17], '1,"a""b",,true,1e+17'],
    ['@tsv', ['a\tb\\', 1], 'a\\tb\\\\\t1'],
    ['@sh', ["it's", 1], "'it'\\''s' 1"],
    ['@base64', 'aü', 'YcO8'],
    ['@base64d', 'YcO8', 'aü'],
    ['@base32', 'a', 'ME======'],
    ['@base32d', 'ME======', 'a'],
    ['@uri "x=\\(.)&y"', 'a b', 'x=a%20b&y'],
    ['"\\(.) and \\([1])"', { a: 1 }, '{"a":1} and [1]'],
  ])('%s', (source, input, expected) => {
    expect(output(source, input)).toBe(expected);
  });

  it('refuse what they cannot hold', () => {
    expect(errorOf('@csv', 1)).toBe('number (1) cannot be csv-formatted, only array');
    expect(errorOf('@csv', [[1]])).toBe('array ([1]) is not valid in a csv row');
    expect(errorOf('@sh', [{}])).toBe('object ({}) can not be escaped for shell');
    expect(errorOf('@base64d', '!')).toBe('string ("!") is not valid base64 data');
    expect(errorOf('format("x")', 1)).toBe('x is not a valid format');
  });
});

describe('regular expressions', () => {
  it.each<[string, Json, Json[]]>([
    ['test("B"; "i"), test(["b", "i"])', 'abc', [true, true]],
    ['[match("a"; "g").offset]', 'aXa', [[0, 2]]],
    ['capture("(?<y>\\\\d+)-(?<m>\\\\d+)?")', '2024-', [{ y: '2024', m: null }]],
    ['[scan("\\\\w")], [scan("(a)(b)?")]', 'ab', [['a', 'b'], [['a', 'b']]]],
    [
      '[splits(", *")], split(", *"; null)',
      'a,b, c',
      [
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ],
    ],
    ['sub("(?<x>.)"; "\\(.x)!"), gsub("b"; "x")', 'abb', ['a!bb', 'axx']],
    ['[sub("a"; "b", "c")]', 'a', [['b', 'c']]],
    ['gsub(""; "-")', 'ab', ['-a-b-']],
    ['gsub("^"; ">")', 'ab', ['>ab']],
    ['gsub("x"; "y")', 'ab', ['ab']],
    ['gsub("(?<d>\\\\d)"; ":\\(.d);")', 'a1b2', ['a:1;b:2;']],
    ['[match("( )*"; "gn")]', 'abc', [[]]],
    ['test("a b # c"; "x")', 'ab', [true]],
    ['test("\\\\h+"), test("[\\\\w-]+$"), test("\\\\u00e9")', 'é', [false, true, true]],
    ['[match("(a)?b").captures[0] | .offset, .string]', 'b', [[-1, null]]],
    ['test("a.b"; "p"), test("a.b")', 'a\nb', [true, false]],
  ])('%s', (source, input, expected) => {
    expect(outputs(source, input)).toEqual(expected);
  });

  it('reports a pattern that the engine does not take', () => {
    expect(errorOf('test("(")', 'a')).toContain('is not a valid regex');
    expect(errorOf('test("(?=a)")', 'a')).toContain('is not a valid regex');
    expect(errorOf('test("(a)\\\\1")', 'aa')).toContain('is not a valid regex');
  });
});

describe('dates in UTC', () => {
  it.each<[string, Json, Json[]]>([
    ['todate, (todate | fromdate)', 1_425_599_507, ['2015-03-05T23:51:47Z', 1_425_599_507]],
    ['gmtime', 1_425_599_507.25, [[2015, 2, 5, 23, 51, 47.25, 4, 63]]],
    ['gmtime | mktime', 0, [0]],
    [
      'strftime("%A, %B %d, %Y %j %U %V %e|%I %p")',
      1_435_677_542,
      ['Tuesday, June 30, 2015 181 26 27 30|03 PM'],
    ],
    ['strptime("%d %b %Y %T") | mktime', '05 Mar 2015 23:51:47', [1_425_599_507]],
    ['[2024, 1, 30] | mktime | todate', null, ['2024-03-01T00:00:00Z']],
    ['localtime == gmtime, strflocaltime("%Z %z")', 0, [true, 'UTC +0000']],
  ])('%s', (source, input, expected) => {
    expect(outputs(source, input)).toEqual(expected);
  });
});
