import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../../lib/jq/index.ts';
import type { Json } from '../../../lib/jq/index.ts';
import { output, outputs } from './evaluate.ts';

/** JSON text keeps an own `__proto__`, which an object literal would not. */
function parsed(text: string): Json {
  return JSON.parse(text) as Json; // JSON text gives JSON
}

describe('names of Object.prototype are data', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    '%s reads as null',
    (name) => {
      expect(outputs(`.["${name}"], .${name}, has("${name}"), getpath(["${name}"])`, {})).toEqual([
        null,
        null,
        false,
        null,
      ]);
      expect(outputs(`.${name}.x`, {})).toEqual([null]);
      expect(() => outputs(`.${name}`, 'text')).toThrow('Cannot index string');
    },
  );

  it.each([
    '.["__proto__"] = {polluted: 1}',
    '.__proto__.polluted = 1',
    '{"__proto__": {polluted: 1}}',
    '{} + ($p | fromjson)',
    '{} * ($p | fromjson)',
    '[{key: "__proto__", value: {polluted: 1}}] | from_entries',
    'setpath(["__proto__", "polluted"]; 1)',
    'reduce ("__proto__") as $k ({}; .[$k] = {polluted: 1})',
    'reduce ($p | fromjson) as $o ({}; . + $o)',
    '{a: 1} | with_entries(.key = "__proto__" | .value = {polluted: 1})',
    '.__proto__ |= {polluted: 1}',
    'INDEX(("__proto__"); .) | .["__proto__"] = {polluted: 1}',
    '"x" | capture("(?<constructor>x)") | {"__proto__": {polluted: 1}}',
    '($p | fromjson) | walk(.)',
    '($p | fromjson) | map_values(.)',
    '[$p | fromjson, fromjson] | add',
  ])('%s makes an own member', (source) => {
    const program = compile(source, { variables: ['p'] });
    const text = '{"__proto__":{"polluted":1}}';
    const [result] = program.run(
      {},
      program.variables.map(() => text),
    );
    expect(JSON.stringify(result)).toBe(text);
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('keeps own members of these names apart', () => {
    const input = parsed('{"__proto__": 1, "constructor": 2, "a": 3}');
    expect(
      outputs('.__proto__, .constructor, length, (keys | join(" ")), (del(.__proto__) | length)', input),
    ).toEqual([1, 2, 3, '__proto__ a constructor', 2]);
    expect(output('. == (tojson | fromjson)', input)).toBe(true);
    expect(output('to_entries | map(.key)', input)).toEqual(['__proto__', 'constructor', 'a']);
  });

  it('has no functions of JavaScript behind the names of builtins and formats', () => {
    for (const source of [
      'constructor',
      'toString',
      '__proto__',
      '@constructor',
      '@toString',
      'hasOwnProperty("a")',
    ]) {
      expect(() => compile(source, { variables: [] })).toThrow(/is not (defined|a valid format)/);
    }
    expect(() => outputs('format("constructor")', 1)).toThrow('not a valid format');
    expect(output('strftime("%c")', 0)).toBe('Thu Jan  1 00:00:00 1970');
  });
});

function frozen(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(frozen);
  Object.freeze(value);
  return value;
}

describe('inputs are never changed', () => {
  it.each([
    '.a = 1 | .b.c = 2',
    '.list |= map(. + 1)',
    '.list[] += 1',
    'del(.a, .list[0])',
    '.. |= .',
    'reduce .list[] as $x (.; .list[$x] = $x)',
    'reduce .list[] as $x (.list; . + [$x])',
    'reduce .list[] as $x (.; . + {z: $x})',
    'reduce .list[] as $x (.b; .c += $x)',
    '.list | sort, reverse, unique, flatten, transpose?',
    'walk(.)',
    '.b * {d: 1}',
    'to_entries | map(.value) | add?',
    '[.list[] as $x | $x] | sort_by(-.)',
    '.b as $b | $b | .c = 5',
  ])('%s', (source) => {
    const input = frozen({ a: { x: 1 }, b: { c: 1 }, list: [0, 1, 2] });
    expect(() => outputs(source, input)).not.toThrow();
    expect(input).toEqual({ a: { x: 1 }, b: { c: 1 }, list: [0, 1, 2] });
  });

  it('constants of a program cannot be changed by who gets them', () => {
    const program = compile('{a: [1]}, []', { variables: [] });
    const [first, second] = program.run(null, []);
    expect(() => Object.assign(first as object, { b: 1 })).toThrow(TypeError);
    expect(() => (second as Json[]).push(1)).toThrow(TypeError);
    expect(program.run(null, [])).toEqual([{ a: [1] }, []]);
  });
});

describe('folds in place give what copying folds give', () => {
  const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>; // jsonValue makes JSON
  const result = (source: string, input: Json): string => {
    try {
      return JSON.stringify(outputs(source, input));
    } catch (error) {
      return String(error);
    }
  };

  it('for sums', () => {
    fc.assert(
      fc.property(fc.array(json), json, (items, start) => {
        const input = [items, start];
        expect(result('reduce .[0][] as $x (.[1]; . + $x)', input)).toBe(
          result('def plus(x): . + x; reduce .[0][] as $x (.[1]; plus($x))', input),
        );
      }),
    );
  });

  it('for members', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 0, 1, -1), json)), json, (items, start) => {
        const input = [items, start];
        expect(result('reduce .[0][] as [$k, $v] (.[1]; .[$k] = $v)', input)).toBe(
          result('reduce .[0][] as [$k, $v] (.[1]; setpath([$k]; $v))', input),
        );
        expect(result('reduce .[0][] as [$k, $v] (.[1]; .[$k][$k] += $v)', input)).toBe(
          result('reduce .[0][] as [$k, $v] (.[1]; setpath([$k, $k]; getpath([$k, $k]) + $v))', input),
        );
      }),
    );
  });

  it('when the state is kept elsewhere on the way', () => {
    expect(output('[foreach (1, 2, 3) as $x ([]; . + [$x])]')).toEqual([[1], [1, 2], [1, 2, 3]]);
    expect(output('reduce (1, 2) as $x ({}; .a += [$x] | .b = .a)')).toEqual({ a: [1, 2], b: [1, 2] });
    expect(output('reduce (1, 2) as $x ([]; . + [.])')).toEqual([[], [[]]]);
    expect(output('reduce ([1], [2]) as $x (null; . + $x) | [., . + [3]]')).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
  });
});

describe('round trips', () => {
  const json = fc.jsonValue() as fc.Arbitrary<Json>; // jsonValue makes JSON

  it('tojson and fromjson', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(output('tojson | fromjson', value)).toEqual(output('.', value));
      }),
    );
  });

  it('paths, getpath and setpath', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(
          output('. as $v | reduce paths(scalars) as $p (.; setpath($p; $v | getpath($p))) | . == $v', value),
        ).toBe(true);
        expect(output('. == fromstream(tostream)', value)).toBe(true);
      }),
    );
  });

  it('sort puts every pair in order', () => {
    fc.assert(
      fc.property(fc.array(json), (values) => {
        expect(output('sort | . as $s | all(range(1; length); $s[. - 1] <= $s[.])', values)).toBe(true);
      }),
    );
  });
});
