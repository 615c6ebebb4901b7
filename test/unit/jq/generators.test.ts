import { describe, expect, it } from 'vitest';
import { outputs } from './evaluate.ts';

describe('order of outputs', () => {
  it.each([
    ['(1, 2) + (10, 20)', [11, 12, 21, 22]],
    ['[(1, 2), (3, 4)] | .[]', [1, 2, 3, 4]],
    [
      '{a: (1, 2), b: (3, 4)} | [.a, .b]',
      [
        [1, 3],
        [1, 4],
        [2, 3],
        [2, 4],
      ],
    ],
    ['"\\(1, 2)-\\(3, 4)"', ['1-3', '2-3', '1-4', '2-4']],
    ['pow(2, 3; 1, 2)', [2, 3, 4, 9]],
    ['range(0, 1; 3, 4)', [0, 1, 2, 0, 1, 2, 3, 1, 2, 1, 2, 3]],
    [
      'def f($a; $b): [$a, $b]; f(1, 2; 3, 4)',
      [
        [1, 3],
        [1, 4],
        [2, 3],
        [2, 4],
      ],
    ],
    [
      '[1, 2] as [$a, $b] | {a: (5, 6)} as {a: $c} | [$a, $b, $c]',
      [
        [1, 2, 5],
        [1, 2, 6],
      ],
    ],
    ['[[1, 2], [3, 4]] | .[][]', [1, 2, 3, 4]],
    ['{a: 1} | .a += (1, 2)', [{ a: 2 }, { a: 3 }]],
  ])('%s', (source, expected) => {
    expect(outputs(source)).toEqual(expected);
  });
});

describe('laziness: what is not asked for is not evaluated', () => {
  it.each([
    ['first(1, error("late"))', [1]],
    ['[limit(2; 1, 2, error("late"))]', [[1, 2]]],
    ['limit(0; error("late"))', []],
    ['isempty(1, error("late"))', [false]],
    ['any(true, error("late"); .)', [true]],
    ['all(false, error("late"); .)', [false]],
    ['label $out | 1, 2, break $out, error("late")', [1, 2]],
    ['first(range(1e9))', [0]],
    ['[limit(3; repeat(7))]', [[7, 7, 7]]],
    ['first(def f: 1, f; f)', [1]],
    ['nth(2; 0, 1, 2, error("late"))', [2]],
  ])('%s', (source, expected) => {
    expect(outputs(source)).toEqual(expected);
  });
});

describe('labels', () => {
  it('break to the label of that name that is nearest', () => {
    expect(outputs('[label $a | label $a | 1, break $a, 2], 3')).toEqual([[1], 3]);
    expect(outputs('[label $a | (label $b | 1, break $a, 2), 3]')).toEqual([[1]]);
  });

  it('are one for each activation', () => {
    expect(outputs('[range(3) | label $l | ., break $l, 9]')).toEqual([[0, 1, 2]]);
  });

  it('are not caught by try', () => {
    expect(outputs('[label $l | try (1, break $l) catch 2, 3]')).toEqual([[1]]);
  });

  it('work through closures', () => {
    expect(outputs('def f(g): 1, g, 2; [label $l | f(break $l)]')).toEqual([[1]]);
  });
});

describe('folds', () => {
  it.each([
    ['reduce range(5) as $x (0; . + $x)', [10]],
    ['reduce range(3) as $x (0; empty)', [null]],
    ['reduce range(2) as $x (0; . + 1, . + 10)', [20]],
    ['reduce empty as $x (7; error)', [7]],
    ['reduce ([1, 2], [3, 4]) as [$a, $b] (0; . + $a * $b)', [14]],
    ['reduce range(2) as $x (0, 100; . + 1)', [2, 102]],
    [
      'foreach range(3) as $x (0; . + $x; [$x, .])',
      [
        [0, 0],
        [1, 1],
        [2, 3],
      ],
    ],
    ['foreach range(2) as $x (0; .)', [0, 0]],
    ['[foreach (1, 2) as $x (0, 10; . + $x)]', [[1, 3, 11, 13]]],
    ['def f(g): reduce g as $x (0; . + $x); f(1, 2)', [3]],
  ])('%s', (source, expected) => {
    expect(outputs(source)).toEqual(expected);
  });
});

describe('destructuring', () => {
  it.each([
    ['[1, {c: 3}] as [$a, {c: $b, d: $e}] | [$a, $b, $e]', [[1, 3, null]]],
    ['{a: 1, b: [2]} as {$a, $b: [$c]} | [$a, $b, $c]', [[1, [2], 2]]],
    ['{x: 5} as {("x", "y"): $v} | $v', [5, null]],
    ['[[3]] | .[] as [$a] ?// $a | [$a]', [[3]]],
    ['5 as [$a] ?// $a | $a', [5]],
    ['[[3]] | .[] as [$a] ?// [$b] | if $a != null then error("x") else [$a, $b] end', [[null, 3]]],
    ['[1, 2, 3] as [$a] | $a', [1]],
  ])('%s', (source, expected) => {
    expect(outputs(source)).toEqual(expected);
  });
});

describe('functions', () => {
  it.each([
    ['def f(g): [g, g]; 1 | f(. + 1)', [[2, 2]]],
    ['def f($x): $x + x; f(1, 2)', [2, 3, 3, 4]],
    ['def f: def g: 3; g; f', [3]],
    ['def f(x): 1 as $y | x; 2 as $y | f($y)', [2]],
    ['def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; 5 | fac', [120]],
    ['def f(g): def h: g; h; 4 | f(. * 2)', [8]],
    ['def f(a; b): a + b; 1 as $x | 2 as $z | f($x; $z)', [3]],
    ['def loop(f; n): if n > 0 then f | loop(f; n - 1) else . end; 0 | loop(. + 2; 5)', [10]],
    ['[recurse(if . < 3 then . + 1 else empty end)] | length', [4]],
    ['def map(f): "mine"; [1] | map(.)', ['mine']],
    [
      'def even: if . == 0 then true else . - 1 | (if . == 0 then false else . - 1 | even end) end; 10 | even',
      [true],
    ],
  ])('%s', (source, expected) => {
    expect(outputs(source)).toEqual(expected);
  });
});

describe('tail calls need no stack', () => {
  const limits = { maxSteps: 20_000_000, maxTimeMs: 20_000 };
  it.each([
    ['def f: if . < 100000 then . + 1 | f else . end; 0 | f', [100_000]],
    ['0 | until(. >= 100000; . + 1)', [100_000]],
    ['last(0 | while(. < 100000; . + 1))', [99_999]],
    ['last(limit(100000; repeat(1)))', [1]],
    ['[0 | recurse(if . < 100000 then . + 1 else empty end)] | length', [100_001]],
    ['last(range(0; 100000; 1))', [99_999]],
    ['reduce range(300000) as $i (0; . + 1)', [300_000]],
    ['def f(g): if . < 100000 then g | f(g) else . end; 0 | f(. + 1)', [100_000]],
    ['def f: if . < 50000 then (try (. + 1) catch .) | f else . end; 0 | f', [50_000]],
  ])('%s', (source, expected) => {
    expect(outputs(source, null, limits)).toEqual(expected);
  });
});
