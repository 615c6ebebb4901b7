/** Whatever a tenant writes as schema and value: the work is bounded, and the result says which bound was met. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileJsonSchema, type SchemaLimit } from '../../../lib/json-schema/index.ts';
import type { Json } from '../../../lib/jq/index.ts';
import { isValid, mistakes, schemaOf } from './check.ts';

const range = (length: number): number[] => Array.from({ length }, (_item, index) => index);
const nested = (depth: number, wrap: (inner: Json) => Json, innermost: Json): Json =>
  range(depth).reduce((inner) => wrap(inner), innermost);

/** The limit that a validation met; null when it came to an end. */
function limitOf(schema: Json, value: Json): SchemaLimit | null {
  const problems = schemaOf(schema).validate(value);
  expect(problems.slice(0, -1).some(({ limit }) => limit !== undefined)).toBe(false);
  return problems.at(-1)?.limit ?? null;
}

describe('the size of a schema', () => {
  it('is at most 60,000 values; a larger one is a mistake that says so', () => {
    const listing = (count: number) => compileJsonSchema({ enum: range(count) });
    expect(listing(59_000).ok).toBe(true);
    expect(listing(60_000)).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringContaining('60000') }],
    });
  });
});

/** Every definition refers to the next one twice: 2^30 ways through them. */
const doubling = (keyword: string, last: Json): Json => ({
  $ref: '#/$defs/0',
  $defs: Object.fromEntries([
    ...range(30).map((index) => {
      const next = { $ref: `#/$defs/${index + 1}` };
      return [String(index), { [keyword]: [next, next] }];
    }),
    ['30', last],
  ]) as Json,
});

/** In processor time a validation takes 50 ms at most; the clock runs on while others have the processor. */
const PATIENCE_MS = 600;

describe('a validation ends', () => {
  it.each<[string, Json, Json, SchemaLimit[]]>([
    ['anyOf that doubles 30 times', doubling('anyOf', false), 1, ['steps', 'time']],
    ['allOf that doubles 30 times', doubling('allOf', true), 1, ['steps', 'time']],
    ['oneOf that doubles 30 times', doubling('oneOf', true), 1, ['steps', 'time']],
    [
      'anyOf that doubles while members are remembered',
      { ...(doubling('anyOf', true) as object), unevaluatedProperties: false },
      { a: 1 },
      ['steps', 'time'],
    ],
    ['a schema that refers to itself', { $ref: '#' }, 1, ['depth']],
    ['two that refer to each other', { anyOf: [{ $ref: '#' }, { $ref: '#' }] }, 1, ['depth']],
    [
      '10,000 references in a chain',
      {
        $ref: '#/$defs/0',
        $defs: Object.fromEntries([
          ...range(10_000).map((index) => [String(index), { $ref: `#/$defs/${index + 1}` }]),
          ['10000', true],
        ]) as Json,
      },
      1,
      ['depth'],
    ],
    [
      'alternatives that fail in a place with a long name',
      { additionalProperties: { items: { anyOf: [{ type: 'null', minimum: 1e9, multipleOf: 7 }, true] } } },
      { ['k'.repeat(4_000_000)]: range(10_000) },
      ['steps', 'time'],
    ],
    [
      'objects of very many members that are put in order',
      { enum: [{}] },
      Object.fromEntries(range(300_000).map((index) => [`k${(index * 7919) % 300_007}`, 0])),
      ['steps', 'time'],
    ],
    [
      'members that are counted again and again',
      { allOf: range(1000).map(() => ({ minProperties: 1, maxProperties: 1e9 })) },
      Object.fromEntries(range(200_000).map((index) => [`k${index}`, 0])),
      ['steps', 'time'],
    ],
    ['a deep value', { items: { $ref: '#' } }, nested(5000, (inner) => [inner], []), ['depth']],
    [
      'equality at every level of a large value',
      { items: { $ref: '#' }, uniqueItems: true },
      nested(400, (inner) => [inner], range(5000)),
      ['steps', 'time'],
    ],
    [
      'every name against many patterns',
      { patternProperties: Object.fromEntries(range(800).map((index) => [`^a${index}[a-z]+$`, true])) },
      Object.fromEntries(range(20_000).map((index) => [`x${index}`, 1])),
      ['steps', 'time'],
    ],
    [
      'a large pattern on a long text',
      { pattern: '^(.{1,100}){1,10}$' },
      'a'.repeat(1_000_000),
      ['steps', 'time'],
    ],
  ])('%s', (_what, schema, value, limits) => {
    const startedAt = performance.now();
    expect(limits).toContain(limitOf(schema, value));
    expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS);
  });

  it('within the budgets that the caller sets, and the problem names the limit', () => {
    const schema = schemaOf({ items: { type: 'integer' } });
    expect(schema.validate(range(100), { maxSteps: 101 })).toEqual([]);
    expect(schema.validate(range(100), { maxSteps: 50 })).toEqual([
      { path: '', message: 'cannot be checked: it exceeds the limit of 50 steps', limit: 'steps' },
    ]);
    expect(
      schemaOf({ uniqueItems: true })
        .validate(['x'.repeat(1000)], { maxBytes: 100 })
        .at(-1)?.limit,
    ).toBe('bytes');
    expect(
      schemaOf({ not: { not: true } })
        .validate(1, { maxDepth: 2 })
        .at(-1)?.limit,
    ).toBe('depth');
  });

  it('with what was found before the limit', () => {
    const problems = schemaOf({ items: { type: 'string' } }).validate([1, 'a', 'b', 'c'], { maxSteps: 3 });
    expect(problems.map(({ path, limit }) => [path, limit])).toEqual([
      ['/0', undefined],
      ['', 'steps'],
    ]);
  });
});

describe('what is large and yet honest passes', () => {
  it('a large constant in an alternative that fails for every item', () => {
    const constants = { const: 'x'.repeat(1_000_000), enum: ['y'.repeat(1_000_000)] };
    const schema = schemaOf({ items: { anyOf: [constants, { type: 'integer' }] } });
    const startedAt = performance.now();
    expect(schema.validate(range(5000))).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS);
  });

  it.each<[string, Json, Json]>([
    ['a megabyte of numbers', { items: { type: 'integer' } }, range(500_000).map(() => 1)],
    ['100,000 different texts', { uniqueItems: true }, range(100_000).map((index) => `x${index}`)],
    ['a pattern that makes backtracking engines explode', { pattern: '^(a+)+$' }, 'a'.repeat(20_000)],
    [
      'a recursive schema 400 levels down',
      { properties: { next: { $ref: '#' } } },
      nested(400, (next) => ({ next }), {}),
    ],
  ])('%s', (_what, schema, value) => {
    const problems = schemaOf(schema).validate(value, { maxTimeMs: 5000 });
    expect(problems).toEqual([]);
  });
});

describe('compiling ends', () => {
  it('for thousands of references below a very long base', () => {
    const references = (base: string): Json => ({
      $id: `http://x/${base}`,
      $defs: { a: { $anchor: 'a' } },
      allOf: range(20_000).map(() => ({ $ref: '#a' })),
    });
    const startedAt = performance.now();
    expect(mistakes(references('b'.repeat(500_000)))).toEqual([
      { path: '/$id', message: 'must be a URI reference without a fragment, of at most 2000 characters' },
    ]);
    expect(isValid(references('b'.repeat(1900)), 1)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('for 10,000 subschemas', () => {
    const properties = Object.fromEntries(range(10_000).map((index) => [`p${index}`, { type: 'string' }]));
    expect(isValid({ properties }, { p9999: 'a' })).toBe(true);
    expect(isValid({ properties }, { p9999: 1 })).toBe(false);
  });

  it('for a schema nested too deep, with a mistake that says so', () => {
    expect(mistakes(nested(100_000, (inner) => ({ not: inner }), true))).toEqual([
      { path: '', message: 'the schema is nested deeper than 500 levels' },
    ]);
  });

  it('for thousands of patterns, which are too large together', () => {
    const properties = Object.fromEntries(
      range(5000).map((index) => [`p${index}`, { pattern: `^a${index}[a-z]+$` }]),
    );
    expect(mistakes({ properties })[0]?.message).toMatch(/the patterns of the schema are too large together/);
  });

  it('for a schema that is wrong in 10,000 places, with a short answer', () => {
    const found = mistakes({
      properties: Object.fromEntries(range(10_000).map((index) => [`p${index}`, { type: 1 }])),
    });
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(100);
  });
});

describe('any schema with any value', () => {
  const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
  const name = fc.constantFrom('a', 'b', '__proto__', '');
  const size = fc.nat({ max: 3 });
  const { schema } = fc.letrec<{ schema: Json }>((tie) => {
    const one = tie('schema');
    const list = fc.array(one, { minLength: 1, maxLength: 3 });
    const map = fc.dictionary(name, one, { maxKeys: 3 });
    const keywords = {
      type: fc.constantFrom('object', 'array', 'string', 'integer'),
      const: value,
      enum: fc.array(value, { maxLength: 3 }),
      $ref: fc.constantFrom('#', '#/$defs/a', '#/properties/a', '#/items', '#a', 'b'),
      $dynamicRef: fc.constantFrom('#', '#a', 'b#a'),
      $id: fc.constantFrom('b', 'urn:x:y', '#c'),
      $dynamicAnchor: fc.constant('a'),
      $defs: map,
      minimum: fc.double({ noNaN: true, noDefaultInfinity: true }),
      multipleOf: fc.double({ min: 5e-324, noNaN: true, noDefaultInfinity: true }),
      minLength: size,
      pattern: fc.oneof(fc.constantFrom('(a+)+$', '[^]', '.', '\\s{2}'), fc.string({ maxLength: 5 })),
      format: fc.constantFrom('date-time', 'email', 'uri', 'ipv6', 'hostname'),
      required: fc.array(name, { maxLength: 2 }),
      dependencies: map,
      propertyNames: one,
      properties: map,
      patternProperties: map,
      additionalProperties: one,
      unevaluatedProperties: one,
      uniqueItems: fc.boolean(),
      prefixItems: list,
      items: one,
      contains: one,
      maxContains: size,
      unevaluatedItems: one,
      allOf: list,
      anyOf: list,
      oneOf: list,
      not: one,
      if: one,
      else: one,
      // Wrong in every way.
      minItems: fc.oneof({ weight: 9, arbitrary: size }, { weight: 1, arbitrary: value }),
    };
    const entry = fc.oneof(
      ...Object.entries(keywords).map(([key, made]) => fc.tuple(fc.constant(key), made)),
    );
    const object = fc.array(entry, { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as Json);
    return { schema: fc.oneof({ maxDepth: 5, depthSize: 'medium' }, fc.boolean(), object, object) };
  });

  it('gives problems of a known form, never an exception, within the budget', () => {
    const seen = { refused: 0, valid: 0, invalid: 0 };
    fc.assert(
      fc.property(schema, value, (given, instance) => {
        const compiled = compileJsonSchema(given);
        const startedAt = performance.now();
        const problems = compiled.ok
          ? compiled.schema.validate(instance, { maxSteps: 10_000, maxTimeMs: 20 })
          : compiled.problems;
        expect(performance.now() - startedAt).toBeLessThan(PATIENCE_MS);
        if (!compiled.ok) seen.refused++;
        else if (typeof given === 'object') seen[problems.length === 0 ? 'valid' : 'invalid']++;
        expect(problems.length).toBeLessThanOrEqual(compiled.ok ? 21 : 500);
        for (const { path, message } of problems) {
          expect(path === '' || path.startsWith('/')).toBe(true);
          expect(message).toMatch(/^[^\n]+$/);
        }
      }),
      { numRuns: 2000 },
    );
    // The generator reaches all three outcomes often.
    expect(Math.min(seen.refused, seen.valid, seen.invalid)).toBeGreaterThan(100);
  });
});
