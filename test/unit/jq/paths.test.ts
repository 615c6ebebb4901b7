import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/jq/index.ts';
import { errorOf, outputs } from './evaluate.ts';

describe('reading', () => {
  it.each<[string, Json, Json[]]>([
    ['.a.b.c', { a: { b: { c: 1 } } }, [1]],
    ['.a.b', null, [null]],
    ['.[-1], .[5], .["a"]?', [1, 2], [2, null]],
    ['.[1:], .[:-1], .[-2:], .[1.2:1.5]', [1, 2, 3], [[2, 3], [1, 2], [2, 3], [2]]],
    ['.[2:4]', 'abcdef', ['cd']],
    ['.[1:3]', null, [null]],
    ['.[[2, 3]]', [1, 2, 3, 2, 3], [[1, 3]]],
    ['[.[] | .a?]', [1, { a: 2 }, null], [[2, null]]],
    ['..', [1, [2]], [[1, [2]], 1, [2], 2]],
    ['.[]', { b: 1, a: 2 }, [1, 2]],
    ['getpath(["a", "b"])', null, [null]],
    ['."a\\(1)"', { a1: 2 }, [2]],
  ])('%s', (source, input, expected) => {
    expect(outputs(source, input)).toEqual(expected);
  });

  it.each<[string, Json, string]>([
    ['.a', 5, 'Cannot index number with string ("a")'],
    ['.[0]', { a: 1 }, 'Cannot index object with number (0)'],
    ['.[]', 5, 'Cannot iterate over number (5)'],
    ['.[]', null, 'Cannot iterate over null (null)'],
    ['.["a":]', [1], 'Array/string slice indices must be integers'],
    ['.a.b?', 5, 'Cannot index number with string ("a")'],
  ])('%s of the wrong type says so', (source, input, message) => {
    expect(errorOf(source, input)).toBe(message);
  });
});

describe('paths', () => {
  it.each<[string, Json, Json[]]>([
    ['path(.a[0].b)', null, [['a', 0, 'b']]],
    ['[path(..)]', { a: [1] }, [[[], ['a'], ['a', 0]]]],
    ['path(.a | select(.b))', { a: { b: 1 } }, [['a']]],
    ['path(first(.a, .b))', null, [['a']]],
    ['[path(limit(2; .[]))]', [1, 2, 3], [[[0], [1]]]],
    ['path(last(.[]))', [1, 2], [[1]]],
    ['path(.a // .b)', { b: 1 }, [['b']]],
    ['path(if .a then .b else .c end)', { a: 1 }, [['b']]],
    ['path(.a as $x | .b)', null, [['b']]],
    ['path(getpath(["a", "b"]) | .c)', null, [['a', 'b', 'c']]],
    ['[paths]', { a: [1] }, [[['a'], ['a', 0]]]],
    ['[paths(type == "number")]', [[1], 2], [[[0, 0], [1]]]],
    ['path(.[1:][0])', [1, 2], [[{ start: 1, end: null }, 0]]],
    ['[path(def r: ., (.[]? | r); r)] | length', [[1], 2], [4]],
    ['path(try .a catch .b)', {}, [['a']]],
    ['path(empty)', 1, []],
    ['path(1 | .)', 1, [[]]],
  ])('%s', (source, input, expected) => {
    expect(outputs(source, input)).toEqual(expected);
  });

  it.each<[string, Json, string]>([
    ['path(.a | map(.))', { a: [1] }, 'Invalid path expression with result [1]'],
    ['path([1] | .[0])', null, 'Invalid path expression near attempt to access element 0 of [1]'],
    ['path([1] | .[])', null, 'Invalid path expression near attempt to iterate through [1]'],
    ['(1 + 1) = 3', null, 'Invalid path expression with result 2'],
  ])('%s is no path', (source, input, message) => {
    expect(errorOf(source, input)).toBe(message);
  });
});

describe('writing', () => {
  it.each<[string, Json, Json[]]>([
    ['.a.b = 1', null, [{ a: { b: 1 } }]],
    ['.a = (1, 2)', null, [{ a: 1 }, { a: 2 }]],
    ['.[2] = 1', null, [[null, null, 1]]],
    ['.[-1] = 9', [1, 2], [[1, 9]]],
    ['.[1:2] = ["x", "y"]', [1, 2, 3], [[1, 'x', 'y', 3]]],
    ['.[2:4] |= map(. * 10)', [1, 2, 3, 4, 5], [[1, 2, 30, 40, 5]]],
    ['.a |= . + 1', { a: 1, b: 2 }, [{ a: 2, b: 2 }]],
    ['.a |= empty', { a: 1, b: 2 }, [{ b: 2 }]],
    ['(.[] | select(. >= 2)) |= empty', [1, 5, 3, 0, 7], [[1, 0]]],
    ['.a |= (5, 6)', { a: 1 }, [{ a: 5 }]],
    ['.[] += 1', { a: 1, b: 2 }, [{ a: 2, b: 3 }]],
    ['.a += .b', { a: 1, b: 2 }, [{ a: 3, b: 2 }]],
    ['.a -= 1, .a *= 2, .a /= 2, .a %= 2', { a: 4 }, [{ a: 3 }, { a: 8 }, { a: 2 }, { a: 0 }]],
    ['.a //= 3', { a: false }, [{ a: 3 }]],
    ['.. |= (if type == "number" then . + 1 else . end)', [1, [2]], [[2, [3]]]],
    ['(.a, .b) = 1', {}, [{ a: 1, b: 1 }]],
    ['(.a, .a.b) = {c: 1}', null, [{ a: { c: 1, b: { c: 1 } } }]],
    ['.a |= [., .] | .a[0].x = 1', { a: {} }, [{ a: [{ x: 1 }, {}] }]],
    [
      '(.a.x, .a, .a[0].x) |= (if type == "object" then [., .] elif . == null then 1 else 5 end)',
      null,
      [{ a: [{ x: 5 }, { x: 1 }] }],
    ],
    ['map_values(. + 1), map_values(empty)', { a: 1 }, [{ a: 2 }, {}]],
    ['to_entries', { a: 1 }, [[{ key: 'a', value: 1 }]]],
    ['with_entries(.value += 1)', { a: 1 }, [{ a: 2 }]],
    [
      'from_entries',
      [
        { name: 'a', value: false },
        { k: 1, key: 'b' },
      ],
      [{ a: false, b: null }],
    ],
    ['pick(.a.b, .c[1])', { a: { b: 1, x: 2 }, c: [1, 2, 3] }, [{ a: { b: 1 }, c: [null, 2] }]],
    ['walk(if type == "number" then . + 1 else . end)', { a: [1, { b: 2 }] }, [{ a: [2, { b: 3 }] }]],
  ])('%s', (source, input, expected) => {
    expect(outputs(source, input)).toEqual(expected);
  });

  it.each<[string, Json, string]>([
    ['.[-5] = 1', [1], 'Out of bounds negative array index'],
    ['.[1e9] = 1', null, 'Array index too large'],
    ['.a = 1', [1], 'Cannot index array with string ("a")'],
    ['.[0:1] = 1', [1], 'A slice of an array can only be assigned another array'],
    ['setpath("a"; 1)', null, 'Path must be specified as an array'],
    ['setpath([[1]]; 1)', [], 'Cannot update field at array index of array'],
    ['.[0:1] = ["x"]', 'abc', 'Cannot update string slices'],
  ])('%s fails', (source, input, message) => {
    expect(errorOf(source, input)).toBe(message);
  });
});

describe('deleting', () => {
  it.each<[string, Json, Json[]]>([
    ['del(.a)', { a: 1, b: 2 }, [{ b: 2 }]],
    ['del(.[1, 2])', ['a', 'b', 'c'], [['a']]],
    ['del(.[2:4], .[0], .[-2:])', [0, 1, 2, 3, 4, 5, 6, 7], [[1, 4, 5]]],
    ['del(.[] | select(. > 1))', [1, 2, 3], [[1]]],
    ['del(.a.b, .a)', { a: { b: 1 }, c: 1 }, [{ c: 1 }]],
    ['del(.x.y)', {}, [{}]],
    ['del(.)', 1, [null]],
    ['delpaths([["a", 0], ["a", 1]])', { a: [1, 2, 3] }, [{ a: [3] }]],
  ])('%s', (source, input, expected) => {
    expect(outputs(source, input)).toEqual(expected);
  });

  it.each<[string, Json, string]>([
    ['delpaths([["a"]])', [1], 'Cannot delete string element of array'],
    ['delpaths(1)', {}, 'Paths must be specified as an array'],
    ['delpaths([1])', {}, 'Path must be specified as array, not number'],
    ['delpaths([[0]])', {}, 'Cannot delete number field of object'],
  ])('%s fails', (source, input, message) => {
    expect(errorOf(source, input)).toBe(message);
  });
});
