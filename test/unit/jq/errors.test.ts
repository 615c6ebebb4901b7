import { describe, expect, it } from 'vitest';
import { JqError } from '../../../lib/jq/index.ts';
import { errorOf, outputs } from './evaluate.ts';

describe('errors as values', () => {
  it.each([
    ['try error("x") catch .', ['x']],
    ['try error({a: 1}) catch .a', [1]],
    ['try error(null) catch .', [null]],
    ['[.[] | try error catch .]', [[1, null]]],
    ['[.[] | tonumber?]', [[1]]],
    ['1, try error("x"), 3', [1, 3]],
    ['try (1, error("x"), 3) catch .', [1, 'x']],
    ['try (try error("x") catch error("y")) catch .', ['y']],
    ['try error("x") // 5', [5]],
    ['(error("x"))?', []],
    ['[(1, error("x"), 2)?]', [[1]]],
    ['try (label $l | error("x")) catch .', ['x']],
    ['try (reduce (1, error("x")) as $x (0; .)) catch .', ['x']],
    ['try (def f: if . > 50 then error("deep") else . + 1 | f end; 0 | f) catch .', ['deep']],
  ])('%s', (source, expected) => {
    expect(outputs(source, [1, null])).toEqual(expected);
  });

  it('are not caught by a try that they only pass behind', () => {
    expect(outputs('try ((try 1 catch "inner") | error("outer")) catch .')).toEqual(['outer']);
    expect(outputs('[try ((try (1, 2) catch "inner") | error("o\\(.)")) catch .]')).toEqual([['o1']]);
    expect(outputs('try ((1, 2) | try . catch "inner" | error("o\\(.)")) catch .')).toEqual(['o1']);
    expect(outputs('.[] | try error catch . | if . == 2 then "two" else . end', [1, 2])).toEqual([1, 'two']);
  });

  it('carry their value out of the program', () => {
    let caught: unknown;
    try {
      outputs('error({code: 5})');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(JqError);
    expect(caught).toMatchObject({ value: { code: 5 }, message: '{"code":5} (not a string)' });
  });

  it('take the outputs before them along: a run has all outputs or none', () => {
    expect(() => outputs('1, error("x")')).toThrow('x');
  });
});

describe('messages', () => {
  it.each([
    ['"a" - 1', 'string ("a") and number (1) cannot be subtracted'],
    ['{} + 1', 'object ({}) and number (1) cannot be added'],
    ['1 / 0', 'number (1) and number (0) cannot be divided because the divisor is zero'],
    ['1 % 0', 'number (1) and number (0) cannot be divided (remainder) because the divisor is zero'],
    ['-"very-long-long-long-long-string"', 'string ("very-long-long-long-long...") cannot be negated'],
    ['"☆" * 12 | -.', 'string ("☆☆☆☆☆☆☆☆...") cannot be negated'],
    ['[range(100)] | -.', 'array ([0,1,2,3,4,5,6,7,8,9,10,1...]) cannot be negated'],
    ['{} | has(0)', 'Cannot check whether object has a number key'],
    ['true | length', 'boolean (true) has no length'],
    ['1 | keys', 'number (1) has no keys'],
    ['[1] | join(",") | explode | implode | error', '1'],
    ['[{}] | join(",")', 'string ("") and object ({}) cannot be added'],
    ['1 | ltrimstr("a")', 'startswith() requires string inputs'],
    ['1 | sort', 'number (1) cannot be sorted, as it is not an array'],
    ['{(1, "a"): 1}', 'Cannot use number (1) as object key'],
    ['range("a")', 'Range bounds must be numeric'],
    ['limit(-1; 1)', "limit doesn't support negative count"],
    ['[1] | flatten(-1)', 'flatten depth must not be negative'],
    ['"x" | tonumber', 'string ("x") cannot be parsed as a number'],
    ['"{" | fromjson', "Unfinished JSON term at EOF at line 1, column 1 (while parsing '{')"],
    ['"[1,]" | fromjson', "Expected another array element at line 1, column 4 (while parsing '[1,]')"],
    ['"1 2" | fromjson', "Unexpected extra JSON values (while parsing '1 2')"],
    ['1 | test("a")', 'number (1) cannot be matched, as it is not a string'],
    ['"a" | test("a"; "q")', 'q is not a valid modifier string'],
    ['"abc%" | @urid', 'string ("abc%") is not a valid uri encoding'],
    ['"x" | strptime("%Y")', 'date "x" does not match format "%Y"'],
    [
      '[1] | implode | {} | contains("a")',
      'object ({}) and string ("a") cannot have their containment checked',
    ],
  ])('%s', (source, message) => {
    expect(errorOf(source)).toBe(message);
  });
});
