import { describe, expect, it } from 'vitest';
import { compile, DEFAULT_LIMITS, JqError, JqLimitError, JqSyntaxError } from '../../../lib/jq/index.ts';
import { output, outputs } from './evaluate.ts';

/** Programs of hostile users; each has to end soon, whatever the machine. */
const HAZARDS = [
  'repeat(1)',
  'range(infinite)',
  '[recurse(.)]',
  'def f: f; f',
  'def f: 1 + f; f',
  'def f: [f]; f',
  'def f: {a: f}; f',
  'def f: f | f; f',
  'def f: (f | .), 1; f',
  'def f: f, 1; f',
  'def f: try f catch .; f',
  'def f: label $x | f; f',
  'def f: reduce f as $x (0; 1); f',
  'def f: [limit(1; f)]; f',
  'def f: . as [$a] ?// $a | f; f',
  'def f: . as {(f): $x} | 1; f',
  'def f: .. |= f; f',
  'def f(g): f(g | g); f(.)',
  'def f(g; n): if n == 0 then g else f(g | g; n - 1) end; f(. + 1; 30)',
  '[range(1000)] | combinations(5)',
  '"x" * 1e9',
  'reduce range(99) as $i ("x"; . + .)',
  '[limit(99; "x" | recurse(. + .))] | last',
  '.[100000000] = 1',
  'setpath([5000000]; 1)',
  'reduce range(100000) as $_ (0; [.])',
  '(reduce range(100000) as $_ (0; [.])) | tojson | fromjson',
  '[limit(1e8; repeat(0))]',
  '[range(1e7)]',
  'range(1e9)',
  '[range(1e6)] | implode | explode',
  '"a" * 1000000 | gsub(""; "x")',
  '[range(1e6)] | group_by(.) | unique | length',
  'reduce range(100) as $_ (0; [., .])',
  'reduce range(100) as $_ (0; [., .]) | tojson',
  'reduce range(100) as $_ (0; [., .]) | [..] | length',
  'reduce range(60) as $_ (0; [., .]) | flatten | length',
  '(reduce range(60) as $_ (0; [., .])) as $x | (reduce range(60) as $_ (0; [., .])) as $y | $x == $y',
  '(reduce range(60) as $_ (0; [., .])) as $x | (reduce range(60) as $_ (0; [., .])) as $y | $x < $y',
  'reduce range(60) as $_ ({}; {a: ., b: .}) | [paths] | length',
  'reduce range(60) as $_ ({}; {a: ., b: .}) | walk(.)',
  'last(repeat(1))',
  'first(repeat(empty))',
  'until(false; .)',
  '[while(true; . + 1)]',
  'reduce repeat(1) as $x (0; . + 1)',
  'isempty(repeat(empty))',
  'path(repeat(.a))',
  '"a" * 100000 | [limit(100000; repeat(explode))] | length',
  '("a" * 1000000) as $s | reduce range(1000) as $i ({}; .[$s + ($i | tostring)] = 1) | length',
  '[range(100000)] | [limit(10000; repeat(.[1:]))] | length',
  '[range(50000)] | . - .',
  '[range(100000) | tostring] | [limit(1000; repeat(join("")))] | length',
  '.. |= [., .] | .. |= [., .] | .. |= [., .] | .. |= [., .] | .. |= [., .] | .. |= [., .]',
  '"(a?){30}" * 30 | . as $p | ("a" * 100000) | test($p + "b")',
  '[range(100)] | [.[] as $a | .[] as $b | .[] as $c | .[] as $d | $a]',
];

describe('hazards', () => {
  it.each(HAZARDS)('%s ends in a limit', (source) => {
    const startMs = performance.now();
    let caught: unknown;
    try {
      outputs(source, null, DEFAULT_LIMITS);
    } catch (error) {
      caught = error;
    }
    expect(caught).toSatisfy((error) => error instanceof JqLimitError || error instanceof JqError);
    // Half as long again as the limit is the hard end of an evaluation; the rest is for a busy machine.
    expect(performance.now() - startMs).toBeLessThan(1000);
  });

  it.each([
    'def f: 1 + f; f',
    'def f: [f]; f',
    'def f: f | f; f',
    'def f: try f catch .; f',
    'def f: . as {(f): $x} | 1; f',
  ])('%s is stopped by its depth, not by the JavaScript stack', (source) => {
    let caught: unknown;
    try {
      outputs(source, null, { maxTimeMs: 60_000 });
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ name: 'JqLimitError', limit: 'depth' });
    expect((caught as Error).cause).toBeUndefined();
  });
});

describe('regular expressions', () => {
  it.each([
    ['"a" * 5000', 'too long'],
    ['"a{1000}" * 100', 'too large'],
    ['"(" + "a" * 3000 + "){1000}"', 'too large'],
  ])('refuse the pattern %s before it is compiled', (pattern, message) => {
    expect(output(`(${pattern}) as $p | try ("a" | test($p)) catch .`)).toContain(message);
  });

  it('count a pass over a long text before it starts', () => {
    expect(() => outputs('"(a?){200}b" as $p | "a" * 1000000 | test($p)')).toThrow(JqLimitError);
  });
});

describe('compiling', () => {
  it.each([
    ['arguments that double', `def f(g): g | g; ${'f('.repeat(60)}.${')'.repeat(60)}`],
    [
      'functions in a row',
      `${Array.from({ length: 3000 }, (_, i) => `def f${i}: ${i === 0 ? 1 : `f${i - 1}`};`).join(' ')} f2999`,
    ],
  ])('%s end soon', (_, source) => {
    const startMs = performance.now();
    try {
      compile(source, { variables: [] });
    } catch (error) {
      if (!(error instanceof JqSyntaxError)) throw error;
    }
    expect(performance.now() - startMs).toBeLessThan(3000);
  });

  it('refuses a program that grows too large by its calls', () => {
    const source = `def f(g): ${'g, '.repeat(2000)} g; f(${'. + '.repeat(300)} 1)`;
    expect(() => compile(source, { variables: [] })).toThrow('the program is too large');
  });

  it('copies the bodies of functions into their calls only while the program is small', () => {
    // With every call replaced, 40 * 40 * 40 bodies would be more nodes than a program may have.
    const sumOf40 = (call: string): string => Array.from({ length: 40 }, () => call).join(' + ');
    const source = `def a: 1; def b: ${sumOf40('a')}; def c: ${sumOf40('b')}; def d: ${sumOf40('c')}; d`;
    expect(outputs(source, null, { maxTimeMs: 20_000 })).toEqual([64_000]);
  });
});

describe('budgets', () => {
  it.each([
    ['steps', 'last(range(1e9))', { maxSteps: 5000, maxTimeMs: 60_000 }],
    ['bytes', '[range(1000)]', { maxBytes: 5000 }],
    ['bytes', '"abc" * 3000', { maxBytes: 5000 }],
    ['outputs', 'range(11)', { maxOutputs: 10 }],
    ['time', 'last(range(1e9))', { maxSteps: 1e12, maxTimeMs: 5 }],
    ['depth', 'reduce range(600) as $_ (0; [.])', {}],
    ['depth', '[[[[1]]]]', { maxDepth: 3 }],
  ] as const)('%s: %s', (limit, source, limits) => {
    let caught: unknown;
    try {
      outputs(source, null, limits);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(JqLimitError);
    expect(caught).toMatchObject({ limit });
  });

  it('cannot be caught by try, //, ?, label or a handler', () => {
    for (const source of ['try repeat(empty) catch 1', 'repeat(empty)? // 1', 'label $l | repeat(empty)']) {
      expect(() => outputs(source, null, { maxSteps: 1000 })).toThrow(JqLimitError);
    }
  });

  it.each([
    '"x" * 1e9',
    '"x" * 4e8',
    '.[300000000] = 1',
    '[range(1e4)] | . as $x | [limit(1e4; repeat($x))] | add',
  ])('count before memory is taken: %s', (source) => {
    const before = process.memoryUsage().heapUsed;
    let caught: unknown;
    try {
      outputs(source);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ name: 'JqLimitError', limit: 'bytes' });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 * 1024 * 1024);
  });

  it('start anew with each run', () => {
    const program = compile('[range(1000)] | length', { variables: [] });
    for (let round = 0; round < 20; round++) {
      expect(program.run(null, [], { limits: { maxSteps: 3000, maxBytes: 20_000 } })).toEqual([1000]);
    }
  });

  it('are generous enough for usual work', () => {
    const rows = Array.from({ length: 2000 }, (_, id) => ({ id, name: `n${id}`, tags: ['a', 'b'] }));
    expect(output('map(select(.id % 2 == 0) | {id, n: "\\(.name)!"}) | length', rows)).toBe(1000);
    expect(output('group_by(.id % 7) | map(length) | add', rows)).toBe(2000);
    expect(output('reduce .[] as $r ({}; .[$r.name] += 1) | length', rows)).toBe(2000);
    expect(output('reduce .[] as $r ([]; . + [$r.id]) | length', rows)).toBe(2000);
    expect(output('INDEX(.id) | length', rows)).toBe(2000);
    expect(output('map(.name) | join(",") | length', rows)).toBe(2000 * 6 - 1 - 10 * 3 - 90 * 2 - 900);
  });

  it('have the defaults that the design names', () => {
    expect(DEFAULT_LIMITS).toEqual({
      maxSteps: 1_000_000,
      maxBytes: 16 * 1024 * 1024,
      maxDepth: 500,
      maxOutputs: 100_000,
      maxTimeMs: 40,
    });
  });
});

describe('depth of values', () => {
  const nest = (levels: number): string => `reduce range(${levels}) as $_ ([]; [.])`;

  it.each([
    [`${nest(600)} | [., .] | sort`, 'Comparison too deep'],
    [`(${nest(600)}) as $x | (${nest(600)}) as $y | $x == $y`, 'Equality check too deep'],
    [`${nest(600)} as $x | $x | contains($x)`, 'Containment check too deep'],
    ['reduce range(600) as $_ ({}; {a: .}) as $x | $x * $x', 'Object merge too deep'],
    ['setpath([range(600) | 0]; 0)', 'Path too deep'],
    ['getpath([range(600) | 0])', 'Path too deep'],
    ['delpaths([[range(600) | 0]])', 'Path too deep'],
    ['"[" * 600 | fromjson', 'Exceeds depth limit for parsing'],
  ])('%s is an error that try can catch', (source, message) => {
    expect(output(`try (${source}) catch .`)).toContain(message);
  });

  it.each(['tojson', '@json', '@text', '"\\(.)"', 'tostring'])('is a limit of JSON text: %s', (format) => {
    expect(() => outputs(`try (${nest(600)} | ${format}) catch .`)).toThrow(
      expect.objectContaining({ name: 'JqLimitError', limit: 'depth' }),
    );
  });

  it('holds for 10,000 levels too, without the JavaScript stack', () => {
    const limits = { maxDepth: 10_000, maxTimeMs: 60_000 };
    expect(outputs(`${nest(9000)} | tojson | fromjson | flatten`, null, limits)).toEqual([[]]);
    expect(
      outputs(`(${nest(9000)}) as $x | (${nest(9000)}) as $y | $x == $y, $x < $y`, null, limits),
    ).toEqual([true, false]);
  });
});
