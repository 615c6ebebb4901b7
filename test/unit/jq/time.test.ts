import { describe, expect, it } from 'vitest';
import { JqError, JqLimitError } from '../../../lib/jq/index.ts';
import { output, outputs } from './evaluate.ts';

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of the processor until the program ended, in whatever way. */
function runningMs(source: string): number {
  const startMs = processorMs();
  try {
    outputs(source);
  } catch (error) {
    if (!(error instanceof JqLimitError) && !(error instanceof JqError)) throw error;
  }
  return processorMs() - startMs;
}

/** The limit of a run and a half: its end may come late by one builtin on one value, and by a collection of garbage. */
const MAX_RUNNING_MS = 150;

describe('the limit of time', () => {
  it.each([
    '[range(100000) | 0] as $a | [range(50000) | 0] as $b | $a | indices($b)',
    '("a" * 5000000) as $s | ("a" * 2500000) as $t | $s | indices($t)',
    '("a" * 400000) as $s | ("a" * 100 + "b" + "a" * 200000) as $t | $s | indices($t)',
    '("a" * 400000) as $s | ("a" * 100 + "b" + "a" * 200000) as $t | $s | split($t)',
    '("a" * 400000) as $s | ("a" * 100 + "b" + "a" * 200000) as $t | $s | contains($t)',
    '("a" * 3000) as $s | [range(100) | $s | test("(a?){900}a{900}")]',
    '("a" * 7000000) as $s | [range(1000) | try ([$s] | -.) catch 0]',
    '("a" * 7000000) as $s | [range(1000) | [$s] | tonumber?]',
    '("a" * 7000000) as $s | [range(5000) | $s | startswith($s)]',
    '(" " * 16000000) | rtrim',
    '"é" * 1000000 | @base32',
    '"a<" * 4000000 | ascii_upcase',
    '"1," * 1300000 | "[" + . | fromjson',
  ])('holds for %s', (source) => {
    // The best of some runs, as the first ones compile the engine itself.
    const runs = [runningMs(source), runningMs(source), runningMs(source)];
    expect(Math.min(...runs)).toBeLessThan(MAX_RUNNING_MS);
  });
});

describe('patterns that cost much to compile', () => {
  it.each(['"(a)" * 300', '"(" * 300 + "a" + ")" * 300'])('are refused by their groups: %s', (pattern) => {
    expect(output(`(${pattern}) as $p | try ("a" | test($p)) catch .`)).toContain('too many groups');
  });
});

/** Offsets by the search of JavaScript, which is right but may be slow. */
function offsets(text: string, wanted: string): number[] {
  return Array.from(text, (_, at) => at).filter((at) => text.startsWith(wanted, at));
}

describe('searching in linear time finds what a plain search finds', () => {
  const words = [
    'ab'.repeat(12),
    `${'a'.repeat(20)}b`,
    'aab'.repeat(7),
    'x'.repeat(17),
    'a'.repeat(16),
    'ba',
  ];
  const text = `${'ab'.repeat(40)}${'a'.repeat(50)}b${'aab'.repeat(30)}${'x'.repeat(17)}`;

  it.each(words)('%s in a short text', (wanted) => {
    expect(output(`indices("${wanted}")`, text)).toEqual(offsets(text, wanted));
    expect(output(`contains("${wanted}")`, text)).toBe(true);
    expect(output(`split("${wanted}")`, text)).toEqual(text.split(wanted));
  });

  it.each(['b'.repeat(16), 'b'.repeat(17), 'bbb'])('%s across the pieces of a long text', (wanted) => {
    const piece = 32 * 1024;
    const long = ['a'.repeat(piece - 9), 'a'.repeat(piece - 40), ''].join('b'.repeat(40));
    const expected = offsets(long, wanted);
    expect(expected.length).toBeGreaterThan(10);
    expect(output(`indices("${wanted}")`, long)).toEqual(expected);
    expect(output(`split("${wanted}")`, long)).toEqual(long.split(wanted));
    expect(output('contains("ab" + "b" * 39 + "a")', long)).toBe(true);
    expect(output('contains("b" * 41)', long)).toBe(false);
  });
});

describe('work in pieces', () => {
  it.each([1023, 1024, 1025, 5000])('gives what work at once gives, for %d characters', (length) => {
    const text = 'aB<'.repeat(length).slice(0, length);
    expect(outputs('ascii_upcase, ascii_downcase, @html', text)).toEqual([
      text.toUpperCase(),
      text.toLowerCase(),
      text.replaceAll('<', '&lt;'),
    ]);
    expect(outputs('rtrim, trim', ` x y${' \n'.repeat(length)}`)).toEqual([' x y', 'x y']);
    expect(output('trim', '\u3000'.repeat(length))).toBe('');
    expect(outputs('(@base32 | @base32d), (@base64 | @base64d)', text)).toEqual([text, text]);
  });
});
