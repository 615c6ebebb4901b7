import { describe, expect, test } from 'vitest';
import { compileDuration } from '../../../lib/engine/duration.ts';
import { WorkflowError } from '../../../lib/engine/errors.ts';
import {
  compileExpression,
  compileTemplate,
  compileTransform,
  expressionSource,
  isStrictExpression,
  RUNTIME_VARIABLES,
  type Scope,
} from '../../../lib/engine/expression.ts';
import type { Json } from '../../../lib/engine/types.ts';

const scopeOf = (variables: Record<string, Json> = {}, asked: string[] = []): Scope => ({
  instance: '/do/0/x',
  limits: {},
  nowMs: () => 1_700_000_000_250,
  variable(name) {
    asked.push(name);
    return variables[name] ?? null;
  },
});
const scope = scopeOf();
const expression = (text: string) => compileExpression(text, RUNTIME_VARIABLES);

function errorOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof WorkflowError) return error.error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('what is an expression', () => {
  test.each(['${ . }', '  ${.a}\n', '${\n.a\n}', '${{ a: .b }}', '${ "}" }'])('%j is', (text) => {
    expect(isStrictExpression(text)).toBe(true);
  });
  test.each(['', '.a', '${}', 'Hello ${ .x }', '${ .x } there', '$ { .x }', '{ .x }'])(
    '%j is not',
    (text) => {
      expect(isStrictExpression(text)).toBe(false);
    },
  );
  test('only the first ${ and the last } go', () => {
    expect(expressionSource('${{ a: .b }}')).toBe('{ a: .b }');
    expect(expressionSource(' ${ .a } ')).toBe(' .a ');
    expect(expressionSource('.a == "${x}"')).toBe('.a == "${x}"');
  });
});

describe('expressions', () => {
  test('one output is the value, none is null, several are an array', () => {
    expect(expression('${ .a }').evaluate({ a: 1 }, scope)).toBe(1);
    expect(expression('empty').evaluate(null, scope)).toBeNull();
    expect(expression('.[]').evaluate([1, 2], scope)).toEqual([1, 2]);
  });

  test('a condition has the truth of jq, and no output is false', () => {
    expect(expression('0').test(null, scope)).toBe(true);
    expect(expression('""').test(null, scope)).toBe(true);
    expect(expression('null').test(null, scope)).toBe(false);
    expect(expression('false').test(null, scope)).toBe(false);
    expect(expression('empty').test(null, scope)).toBe(false);
  });

  test('a condition with two outputs is an expression error', () => {
    expect(errorOf(() => expression('true, true').test(null, scope))).toMatchObject({
      type: 'https://serverlessworkflow.io/spec/1.0.0/errors/expression',
      status: 400,
      instance: '/do/0/x',
    });
  });

  test('a jq error is an expression error with its text', () => {
    const error = errorOf(() => expression('${ error("boom") }').evaluate(null, scope));
    expect(error).toMatchObject({ status: 400, title: 'Expression error', instance: '/do/0/x' });
    expect(error.detail).toContain('error("boom")');
    expect(error.detail).toContain('boom');
  });

  test('a limit is an expression error that names it', () => {
    const tight: Scope = { ...scope, limits: { maxSteps: 100 } };
    expect(errorOf(() => expression('last(range(100000))').evaluate(null, tight)).detail).toContain('steps');
  });

  test('a long error text is cut, never inside a surrogate pair', () => {
    const { detail = '' } = errorOf(() => expression('error("x" + . * 2000)').evaluate('😀', scope));
    expect(detail.length).toBeLessThan(800);
    expect(detail).not.toMatch(/\p{Surrogate}/u);
  });

  test('only the variables that it names are asked for', () => {
    const asked: string[] = [];
    expect(expression('$context.a').evaluate(null, scopeOf({ context: { a: 7 } }, asked))).toBe(7);
    expect(asked).toEqual(['context']);
  });

  test('an unknown variable does not compile', () => {
    expect(() => expression('$nothing')).toThrow(expect.objectContaining({ name: 'JqSyntaxError' }));
  });

  test('now is the time of the ports, the same all through one evaluation', () => {
    expect(expression('[now, now]').evaluate(null, scope)).toEqual([1_700_000_000.25, 1_700_000_000.25]);
  });
});

describe('templates', () => {
  const template = (value: Json) => compileTemplate(value, RUNTIME_VARIABLES);

  test('strings that are one whole expression are evaluated at any depth, all else is literal', () => {
    const value = {
      a: '${ .x }',
      b: ['x', '${ .x + 1 }', { c: '.x', d: 'is ${ .x }' }],
      '${ .x }': 1,
      e: null,
    };
    expect(template(value).evaluate({ x: 1 }, scope)).toEqual({
      a: 1,
      b: ['x', 2, { c: '.x', d: 'is ${ .x }' }],
      '${ .x }': 1,
      e: null,
    });
  });

  test('a template without expressions is given back as it is', () => {
    const value = { a: [1, { b: '.c' }] };
    expect(template(value).constant).toBe(true);
    expect(template(value).evaluate(null, scope)).toBe(value);
  });

  test('what an expression gives is data, and is not evaluated again', () => {
    expect(template({ a: '${ .x }' }).evaluate({ x: '${ 1 + 1 }' }, scope)).toEqual({ a: '${ 1 + 1 }' });
  });

  test('a key __proto__ is an ordinary member and reaches no prototype', () => {
    const value = JSON.parse('{ "__proto__": "${ .x }", "a": 1 }') as Json;
    const built = template(value).evaluate({ x: { polluted: true } }, scope);
    expect(JSON.stringify(built)).toBe('{"__proto__":{"polluted":true},"a":1}');
    expect((built as { polluted?: Json }).polluted).toBeUndefined();
  });

  test('text of a transform is an expression also when it is bare', () => {
    expect(compileTransform('.a', RUNTIME_VARIABLES).evaluate({ a: 1 }, scope)).toBe(1);
    expect(compileTransform({ b: '.a' }, RUNTIME_VARIABLES).evaluate({ a: 1 }, scope)).toEqual({ b: '.a' });
  });
});

describe('durations from expressions', () => {
  test('text and objects of units are read', () => {
    const duration = compileDuration('${ .d }', RUNTIME_VARIABLES);
    expect(duration.milliseconds({ d: 'PT2S' }, scope)).toBe(2000);
    expect(duration.milliseconds({ d: { minutes: 1 } }, scope)).toBe(60_000);
  });

  test('anything else is an expression error', () => {
    const duration = compileDuration('${ .d }', RUNTIME_VARIABLES);
    for (const d of [5, 'soon', null, 'P1M']) {
      expect(errorOf(() => duration.milliseconds({ d }, scope))).toMatchObject({ status: 400 });
    }
  });
});

describe('the size of a template', () => {
  test('is bounded as a whole: its parts may be small and shared', () => {
    const big = { text: 'x'.repeat(1000) };
    const members = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`m${index}`, '${ . }']));
    const template = compileTemplate(members, []);
    expect(Object.keys(template.evaluate(big, scope) as object)).toHaveLength(200);
    const tight: Scope = { ...scope, limits: { maxBytes: 50_000 } };
    expect(() => template.evaluate(big, tight)).toThrow('larger than 50000 bytes');
    // Inside another template too.
    expect(() => compileTemplate([members], []).evaluate(big, tight)).toThrow('larger than 50000 bytes');
  });

  test('is found without writing the text', () => {
    let value: Json = 0;
    for (let depth = 0; depth < 24; depth += 1) value = [value, value];
    expect(() => compileTemplate({ a: '${ . }' }, []).evaluate(value, scope)).toThrow('limit: bytes');
  });
});
