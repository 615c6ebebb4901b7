import { describe, expect, it } from 'vitest';
import { compile, JqSyntaxError } from '../../../lib/jq/index.ts';
import { output, outputs } from './evaluate.ts';

function syntaxError(source: string, variables: string[] = []): JqSyntaxError {
  try {
    compile(source, { variables });
  } catch (error) {
    if (error instanceof JqSyntaxError) return error;
    throw error;
  }
  throw new Error(`compiled: ${source}`);
}

describe('precedence', () => {
  it.each([
    ['1 + 2 * 3 - 4 / 2', [5]],
    ['1, 2 | . + 1', [2, 3]],
    ['null // 1, 2', [1, 2]],
    ['false or true and false', [false]],
    ['1 as $x | 2 as $y | $x, $y', [1, 2]],
    ['[1 + 2 as $x | -$x]', [[-3]]],
    ['-1 + 3', [2]],
    ['1 + try 2 catch 3 + 4', [7]],
    ['def f: 1; def g: f, def f: 2; f; g', [1, 2]],
    ['.a = 1 // 2', [{ a: 1 }]],
    ['{a: 1 | . + 1, b: 2}', [{ a: 2, b: 2 }]],
    ['1 == 1 and 2 > 1', [true]],
  ])('%s', (source, expected) => {
    expect(outputs(source)).toEqual(expected);
  });

  it('does not chain comparisons', () => {
    expect(syntaxError('1 < 2 < 3').message).toContain("unexpected '<'");
  });

  it('reads `?//` behind a term as `?` and `//`', () => {
    expect(output('[.[] | .a?//1]', [5, { a: 2 }])).toEqual([1, 2]);
  });
});

describe('names', () => {
  it.each(['{if: 1, and: 2}', '{"a b": 1}', '."a b"', '.and', '{$__loc__}', '{@base64 "x": 1}'])(
    'accepts %s',
    (source) => {
      expect(() => compile(source, { variables: [] })).not.toThrow();
    },
  );

  it('tells where an unknown variable stands', () => {
    const error = syntaxError('1 as $x |\n  $y + 1', ['x']);
    expect(error).toMatchObject({ offset: 12, line: 2, column: 3 });
    expect(error.message).toContain('$y is not defined');
  });

  it('tells name and arity of an unknown function', () => {
    expect(syntaxError('foo(1; 2)').message).toContain('foo/2 is not defined');
  });

  it('finds unknown names in functions that nobody calls', () => {
    expect(syntaxError('def f: bar; 1').message).toContain('bar/0 is not defined');
  });

  it.each([
    '$ENV',
    'env',
    'input',
    'inputs',
    'debug',
    'debug("x")',
    'stderr',
    'input_filename',
    'input_line_number',
    'halt',
    'halt_error',
    'get_search_list',
    'modulemeta',
    '$__prog_args',
    'import "a" as a; 1',
    'include "a"; 1',
  ])('refuses %s, which reaches out of the program', (source) => {
    expect(syntaxError(source).message).toContain('not available in a workflow');
  });
});

describe('mistakes', () => {
  it.each([
    ['{', 'end of the expression'],
    ['}', "unexpected '}'"],
    ['.[', 'end of the expression'],
    ['"abc', 'unterminated string'],
    ['"\\x"', 'Invalid escape'],
    ['{(0): 1}', 'Cannot use number (0) as object key'],
    ['{1+2: 3}', 'May need parentheses'],
    ['. as [] | 1', "expecting a variable, '[' or '{'"],
    ['break $x', '$*label-x is not defined'],
    ['@nosuch', 'nosuch is not a valid format'],
    ['1 2', "unexpected '2'"],
    ['if 1 then 2', "expecting 'end'"],
    ['%', "unexpected '%'"],
  ])('%s', (source, message) => {
    expect(syntaxError(source).message).toContain(message);
  });

  it.each([
    ['nesting', '['.repeat(10_000)],
    ['parentheses', '('.repeat(30_000)],
    ['operators', Array.from({ length: 5000 }, () => '1').join('+')],
    ['postfixes', '.a'.repeat(20_000)],
    ['interpolations', '"\\('.repeat(2000)],
    ['length', `"${'a'.repeat(70_000)}"`],
    ['number literals', '1'.repeat(2000)],
  ])('bounds the %s of a program', (_, source) => {
    expect(syntaxError(source)).toBeInstanceOf(JqSyntaxError);
  });
});

describe('programs', () => {
  it('list the free variables that they use, in the spelling they were declared with', () => {
    const program = compile('$context.a + $input, (1 as $task | $task)', {
      variables: ['$input', 'context', 'task'],
    });
    expect(program.variables).toEqual(['context', '$input']);
    expect(program.run(null, [{ a: 1 }, 2])).toEqual([3, 1]);
  });

  it('keep no state between runs', () => {
    const program = compile('[limit(3; .[])], reduce .[] as $x ([]; . + [$x])', { variables: [] });
    const expected = [
      [1, 2],
      [1, 2],
    ];
    expect(program.run([1, 2], [])).toEqual(expected);
    expect(program.run([1, 2], [])).toEqual(expected);
  });

  it('read the clock that they are given', () => {
    const program = compile('now, (now | todate)', { variables: [] });
    expect(program.run(null, [], { nowSeconds: 1_425_599_507 })).toEqual([
      1_425_599_507,
      '2015-03-05T23:51:47Z',
    ]);
  });

  it('may be empty, or definitions alone', () => {
    expect(outputs('', 1)).toEqual([1]);
    expect(outputs('def f: 2;', 1)).toEqual([1]);
  });

  it('may have comments, also continued by a backslash', () => {
    expect(outputs('1 # one\n+ 2 # two \\\n + 5')).toEqual([3]);
  });
});
