import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, JqError, JqLimitError, type Json } from '../../../lib/jq/index.ts';
import { output, outputs } from './evaluate.ts';

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of the processor until the program ended, in whatever way. */
function runningMs(source: string, input: Json = null): number {
  const startMs = processorMs();
  try {
    outputs(source, input, DEFAULT_LIMITS);
  } catch (error) {
    if (!(error instanceof JqLimitError) && !(error instanceof JqError)) throw error;
  }
  return processorMs() - startMs;
}

/** What the event loop may be held: the end may come late by one builtin on one value, and by a collection of garbage. */
const MAX_RUNNING_MS = 100;

/** The best of some runs, as the first ones compile the engine itself. */
function bestMs(source: string, input?: Json): number {
  let best = Infinity;
  for (let runs = 0; runs < 3 && best >= MAX_RUNNING_MS; runs++) {
    best = Math.min(best, runningMs(source, input));
  }
  return best;
}

const WIDE: Json = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, index]));
const NUMBERS: Json = Array.from({ length: 400_000 }, (_, index) => (index * 7919) % 400_003);
const RECORDS: Json = Array.from({ length: 40_000 }, (_, id) => ({ id, name: `n${id}`, tags: ['a', 'b'] }));
const RECORDS_TEXT: Json = JSON.stringify(RECORDS);

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
    // Those that the language notes name.
    '[range(1e9)]',
    'def f: f; f',
    'repeat(0)',
    '.[1e9] = 1',
    '"x" * 1e9',
    '[limit(1e9; repeat(1))]',
    'def f: 1 + f; f',
    'reduce range(100000) as $_ (0; [.])',
    '(reduce range(400) as $_ (0; [.])) as $deep | [range(1e6) | $deep | @json]',
    // Dates, and patterns whose classes are large.
    '("%c" * 500) as $f | [range(1000) | strftime($f)]',
    '(" " * 1000) as $f | (" " * 1000000) as $t | [range(1000) | $t | strptime($f)?]',
    '("[" + "\\\\w" * 2000 + "]") as $p | "x" | test($p; "i")',
    '[range(60) | "[" + "\\\\w" * 90 + "]{\\(. + 1)}"] | map(. as $p | "x" | test($p; "i"))',
    '("\\\\p{L}{400}" * 6) as $p | [range(100)] | map(tostring + $p) | map(. as $p | "x" | test($p; "i"))',
    '"[" * 4000000 | fromjson',
  ])('holds for %s', (source) => {
    expect(bestMs(source)).toBeLessThan(MAX_RUNNING_MS);
  });

  it.each([
    '.key1 = 2',
    '{a: .} | .a.key1 = 1 | .a.key2 = 2',
    '[., . + {a: 1}] | sort',
    '. == (. + {})',
    '[range(1000) as $i | keys_unsorted]',
    'map_values(empty)',
    'with_entries(.)',
    'tojson',
  ])('holds for an object of 100,000 members: %s', (source) => {
    expect(bestMs(source, WIDE)).toBeLessThan(MAX_RUNNING_MS);
  });

  it.each([
    'sort_by(-.)',
    'group_by(. % 7)',
    'unique',
    'map(tostring) | add',
    'tostream',
    'del(.[])',
    '@html',
  ])('holds for an array of 400,000 numbers: %s', (source) => {
    expect(bestMs(source, NUMBERS)).toBeLessThan(MAX_RUNNING_MS);
  });

  it.each([
    'sort',
    'group_by(.tags)',
    'tojson | fromjson',
    '[paths]',
    'walk(.)',
    '.[].name += "x"',
    'INDEX(.id)',
  ])('holds for 40,000 records: %s', (source) => {
    expect(bestMs(source, RECORDS)).toBeLessThan(MAX_RUNNING_MS);
  });

  it.each(['fromjson', '[.[1:] | fromjson?]', '[limit(50; repeat(fromjson))] | length'])(
    'holds for a long JSON text: %s',
    (source) => {
      expect(bestMs(source, RECORDS_TEXT)).toBeLessThan(MAX_RUNNING_MS);
    },
  );
});

describe('a JSON text', () => {
  it('that is too long for one go is read to the same value', () => {
    const value = [
      ...Array.from({ length: 8000 }, (_, id) => ({ id, text: `"\\é😀\u0001${'x'.repeat(80)}` })),
      -1.5e-7,
    ];
    const text = JSON.stringify(value);
    expect(text.length).toBeGreaterThan(512 * 1024);
    expect(output('fromjson', text)).toEqual(value);
    expect(output('try fromjson catch .', `${text.slice(0, -1)},`)).toContain('Unfinished JSON term');
  });
});

describe('patterns that cost much to compile', () => {
  it.each(['"(a)" * 300', '"(" * 300 + "a" + ")" * 300'])('are refused by their groups: %s', (pattern) => {
    expect(output(`(${pattern}) as $p | try ("a" | test($p)) catch .`)).toContain('too many groups');
  });

  it.each(['"\\\\w" * 101', '"[" + "\\\\p{L}" * 200 + "]"'])(
    'are refused by their classes: %s',
    (pattern) => {
      expect(output(`(${pattern}) as $p | try ("a" | test($p)) catch .`)).toContain(
        'too many character classes',
      );
    },
  );
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
