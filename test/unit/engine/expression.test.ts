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

describe('programs of hostile authors', () => {
  test.each([
    '[range(1e9)]',
    'def f: f; f',
    'def f: 1 + f; f',
    'repeat(0)',
    'null | .[1e9] = 1',
    '"x" * 1e9',
    '[limit(1e9; repeat(1))]',
    'reduce range(100000) as $_ (0; [.])',
    '(reduce range(100000) as $_ (0; [.])) | @json',
  ])('%s is an expression error within 100 ms', (source) => {
    const program = expression(source);
    let bestMs = Infinity;
    // A busy machine may take the processor away in between.
    for (let round = 0; round < 10 && bestMs >= 100; round += 1) {
      const startMs = performance.now();
      expect(errorOf(() => program.evaluate(null, scope))).toMatchObject({
        type: expect.stringMatching(/errors\/expression$/),
        status: 400,
        instance: '/do/0/x',
      });
      bestMs = Math.min(bestMs, performance.now() - startMs);
    }
    expect(bestMs).toBeLessThan(100);
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

describe('loose mode', () => {
  const loose = (value: Json, data: Json = null, from: Scope = scope) =>
    compileTemplate(value, RUNTIME_VARIABLES, 'loose').evaluate(data, from);

  test('every string of a template is tried, bare or in ${ }, at any depth', () => {
    const value = { a: '.x', b: ['${ .x }', { c: '.x + 1' }], d: '"is \\(.x)"', e: 1 };
    expect(loose(value, { x: 1 })).toEqual({ a: 1, b: [1, { c: 2 }], d: 'is 1', e: 1 });
  });

  test.each([
    'Hello world',
    'red',
    'a: b',
    '$nothing',
    '${ .x',
    'https://example.com/a?b=c',
    'Bearer "x',
    'env',
  ])('text that does not compile is itself: %j', (text) => {
    expect(loose({ a: text }, { x: 1 })).toEqual({ a: text });
    expect(compileTemplate({ a: text }, RUNTIME_VARIABLES, 'loose').constant).toBe(true);
  });

  test.each(['', ' ', '\n', '# Title', '  #fff', '${ }'])('text without a program is itself: %j', (text) => {
    expect(loose({ a: text }, { x: 1 })).toEqual({ a: text });
  });

  test.each(['.x.y', '${ .x.y }', 'error("no")', '.x | tonumber'])(
    'text whose evaluation fails is itself: %j',
    (text) => {
      expect(loose({ a: text }, { x: [] })).toEqual({ a: text });
    },
  );

  test('a limit that is met stays an error', () => {
    const error = errorOf(() => loose({ a: 'last(repeat(1))' }));
    expect(error).toMatchObject({ status: 400, instance: '/do/0/x' });
  });

  test('what an expression gives is data, and is not tried again', () => {
    expect(loose({ a: '.x' }, { x: '1 + 1' })).toEqual({ a: '1 + 1' });
  });

  test('an error of the variables, such as a secret that is missing, is not hidden', () => {
    const missing: Scope = {
      ...scope,
      variable() {
        throw new TypeError('not there');
      },
    };
    expect(() => loose({ a: '$secrets.key' }, null, missing)).toThrow('not there');
  });

  test('text that is an expression by its place stays one', () => {
    expect(compileTransform('.x', RUNTIME_VARIABLES, 'loose').evaluate({ x: 1 }, scope)).toBe(1);
    expect(() => compileTransform('Hello world', RUNTIME_VARIABLES, 'loose')).toThrow('syntax error');
  });
});

describe('the budget of a template', () => {
  test('is one for all its expressions: bytes', () => {
    const big = { text: 'x'.repeat(1000) };
    const members = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`m${index}`, '${ . }']));
    const template = compileTemplate(members, []);
    expect(Object.keys(template.evaluate(big, scope) as object)).toHaveLength(200);
    const tight: Scope = { ...scope, limits: { maxBytes: 50_000 } };
    expect(() => template.evaluate(big, tight)).toThrow('limit: bytes');
    // Inside another template too.
    expect(() => compileTemplate([members], []).evaluate(big, tight)).toThrow('limit: bytes');
  });

  test('is one for all its expressions: steps', () => {
    const counting = '${ [range(1000)] | length }';
    const steps: Scope = { ...scope, limits: { maxSteps: 5000 } };
    expect(compileTemplate([counting], []).evaluate(null, steps)).toEqual([1000]);
    expect(() =>
      compileTemplate(
        Array.from({ length: 20 }, () => counting),
        [],
      ).evaluate(null, steps),
    ).toThrow('limit: steps');
  });

  test('is one for all its expressions: time', () => {
    const spending = Array.from({ length: 50 }, () => '${ [limit(60000; repeat(1))] | length }');
    const startMs = performance.now();
    const slow: Scope = { ...scope, limits: { maxSteps: 1e12, maxBytes: 1e12, maxTimeMs: 20 } };
    expect(() => compileTemplate(spending, []).evaluate(null, slow)).toThrow('limit: time');
    // 50 budgets would be a second; one, and what a busy machine adds, is far less.
    expect(performance.now() - startMs).toBeLessThan(500);
  });

  test('starts anew with each evaluation', () => {
    const template = compileTemplate({ a: '${ [range(1000)] | length }' }, []);
    const steps: Scope = { ...scope, limits: { maxSteps: 5000 } };
    for (let round = 0; round < 20; round += 1) expect(template.evaluate(null, steps)).toEqual({ a: 1000 });
  });

  test('counts values whose parts are shared, without writing their text', () => {
    let value: Json = 0;
    for (let depth = 0; depth < 24; depth += 1) value = [value, value];
    expect(() => compileTemplate({ a: '${ . }' }, []).evaluate(value, scope)).toThrow(/limit: (bytes|time)/);
  });
});
