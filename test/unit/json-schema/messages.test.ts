/** Messages say where, what is wrong and what would be right, and never show a value. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/jq/index.ts';
import { json, problemsOf, texts } from './check.ts';

const PET = {
  type: 'object',
  required: ['petId', 'name'],
  properties: { petId: { type: 'integer' }, name: { type: 'string', minLength: 1 } },
  additionalProperties: false,
};

describe('messages', () => {
  it.each<[Json, Json, string[]]>([
    [{ type: 'string' }, 1, [': must be a string; it is a number']],
    [{ type: 'integer' }, 1.5, [': must be an integer; it is a fraction']],
    [{ type: ['string', 'null'] }, [], [': must be a string or null; it is an array']],
    [PET, {}, [': missing property `petId`', ': missing property `name`']],
    [
      PET,
      { petId: 'x', name: '', other: 1 },
      [
        '/petId: must be an integer; it is a string',
        '/name: must have at least 1 character',
        '/other: is not allowed; the properties are `petId`, `name`',
      ],
    ],
    [{ items: { maximum: 5 } }, [1, 6, 7], ['/1: must be at most 5', '/2: must be at most 5']],
    [{ uniqueItems: true }, ['a', 'b', 'a'], [': must not have equal items; 0 and 2 are equal']],
    [{ enum: ['a', 'b'] }, 'c', [': must be one of "a", "b"']],
    [{ pattern: '^a' }, 'b', [': must match the pattern ^a']],
    [{ format: 'date' }, 'x', [': must be a date such as 2026-01-31']],
    [{ properties: { 'a/b~': false } }, { 'a/b~': 1 }, ['/a~1b~0: is not allowed']],
    [
      { propertyNames: { maxLength: 1 } },
      { ab: 1 },
      [': has a property `ab`, whose name must have at most 1 character'],
    ],
  ])('of %j for %j', (schema, value, expected) => {
    expect(texts(schema, value)).toEqual(expected);
  });

  it('of alternatives: the types, or where the nearest one fails', () => {
    expect(texts({ anyOf: [{ type: 'string' }, { type: 'null' }] }, 1)).toEqual([
      ': must be a string or null; it is a number',
    ]);
    expect(
      texts({ anyOf: [{ type: 'null' }, { properties: { a: { minimum: 5 } }, type: 'object' }] }, { a: 1 }),
    ).toEqual(['/a: must be at least 5 (the nearest of 2 alternatives of `anyOf`)']);
    expect(texts({ oneOf: [true, { type: 'integer' }] }, 1)).toEqual([
      ': must match exactly one alternative of `oneOf`; it matches 0 and 1',
    ]);
  });

  it('are twenty at most', () => {
    const problems = problemsOf(
      { items: { type: 'string' } },
      Array.from({ length: 1000 }, () => 1),
    );
    expect(problems).toHaveLength(20);
    expect(problems.at(-1)?.path).toBe('/19');
  });

  it('stay short and on one line, whatever names the value has', () => {
    const name = `line\nbreak\u2028${'x'.repeat(10_000)}`;
    const [problem] = problemsOf({ propertyNames: { maxLength: 3 } }, { [name]: 1 });
    expect(problem?.message).toMatch(/^[^\n\u2028]{1,300}$/);
  });

  it('never show a value', () => {
    const secret = 'hunter2';
    const schema = {
      properties: {
        a: { type: 'integer' },
        b: { pattern: '^x' },
        c: { enum: ['x'] },
        d: { format: 'email' },
        e: { not: {} },
        f: { anyOf: [{ const: 1 }, { maxLength: 2 }] },
        g: { uniqueItems: true },
        h: { contains: { const: 1 } },
      },
    };
    const value = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [key, secret]));
    const found = texts(schema, { ...value, g: [secret, secret], h: [secret] });
    expect(found).toHaveLength(8);
    expect(found.join()).not.toContain(secret);
  });

  it('point at members named like the prototype', () => {
    const value = json('{"__proto__":1}');
    expect(texts(json('{"properties":{"__proto__":{"type":"string"}}}'), value)).toEqual([
      '/__proto__: must be a string; it is a number',
    ]);
  });
});
