/** What each keyword accepts and refuses; the official suite was run against the engine as a whole. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/jq/index.ts';
import { isValid, json } from './check.ts';

type Case = [schema: Json, valid: Json[], invalid: Json[]];

const CASES: Case[] = [
  [true, [1, null], []],
  [false, [], [1, null]],
  [{ type: 'integer' }, [1, 1.0, -3], [1.5, '1', null]],
  [{ type: ['string', 'null'] }, ['', null], [0, [], {}]],
  [{ const: { a: [1, 0], b: null } }, [{ b: null, a: [1, -0] }], [{ a: [1, 0] }, { a: [0, 1], b: null }]],
  [{ enum: [1, 'a', null, [1], { x: 1 }] }, [1, 'a', null, [1], { x: 1 }], ['1', [2], {}, false, 0]],
  [{ minimum: 1, exclusiveMaximum: 2 }, [1, 1.9, '5'], [0.9, 2]],
  [{ maximum: 1, exclusiveMinimum: 0 }, [1, 0.1], [0, 1.1]],
  [{ multipleOf: 0.01 }, [0, 4.02, 0.07, 1.1, 123456.78, 1e20], [0.005, 1.001]],
  [{ multipleOf: 3 }, [0, 9, -6, 3e15], [1, 10]],
  [{ multipleOf: 1e-8 }, [12391239123], [1.5e-9]],
  [{ minLength: 2, maxLength: 3 }, ['ab', '💩💩', '💩💩💩', 5], ['💩', 'abcd', '💩💩💩💩']],
  [{ pattern: '^[a-z]+$' }, ['abc', 1], ['', 'aB', 'abc\n']],
  [{ prefixItems: [{ type: 'integer' }], items: { type: 'string' } }, [[], [1], [1, 'a']], [['a'], [1, 2]]],
  [{ contains: { type: 'integer' } }, [['a', 1], {}], [[], ['a']]],
  [
    { contains: { const: 1 }, minContains: 2, maxContains: 3 },
    [
      [1, 1],
      [1, 1, 1, 2],
    ],
    [[1], [1, 1, 1, 1]],
  ],
  [{ contains: { const: 1 }, minContains: 0 }, [[], [2]], []],
  [{ minItems: 1, maxItems: 2 }, [[1], [1, 2]], [[], [1, 2, 3]]],
  [
    { uniqueItems: true },
    [
      [1, '1', true, [1], { a: 1 }],
      [
        { a: 1, b: 2 },
        { a: 2, b: 1 },
      ],
    ],
    [
      [1, 1.0],
      [0, -0],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [[['x']], [['x']]],
    ],
  ],
  [{ required: ['a'] }, [{ a: null }, 1], [{}]],
  [{ dependentRequired: { a: ['b'] } }, [{}, { b: 1 }, { a: 1, b: 2 }], [{ a: 1 }]],
  [{ dependentSchemas: { a: { maxProperties: 1 } } }, [{ a: 1 }, { b: 1, c: 1 }], [{ a: 1, b: 1 }]],
  [
    { dependencies: { a: ['b'], c: { minProperties: 2 } } },
    [
      { a: 1, b: 1 },
      { c: 1, d: 1 },
    ],
    [{ a: 1 }, { c: 1 }],
  ],
  [{ minProperties: 1, maxProperties: 2 }, [{ a: 1 }, { a: 1, b: 1 }], [{}, { a: 1, b: 1, c: 1 }]],
  [{ propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [{ abc: 1 }]],
  [
    {
      properties: { a: { type: 'integer' } },
      patternProperties: { '^x': { type: 'string' } },
      additionalProperties: false,
    },
    [{}, { a: 1, x1: 's' }],
    [{ a: 's' }, { x1: 1 }, { b: 1 }],
  ],
  [{ additionalProperties: { type: 'integer' } }, [{ a: 1 }], [{ a: 's' }]],
  [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 2], [0, 3]],
  [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, ['a', 5], [4]],
  [{ oneOf: [{ multipleOf: 2 }, { multipleOf: 3 }] }, [2, 3], [1, 6]],
  [{ not: { type: 'string' } }, [1], ['a']],
  [
    json(`{
      "if": { "properties": { "kind": { "const": "a" } }, "required": ["kind"] },
      "then": { "required": ["x"] },
      "else": { "required": ["y"] }
    }`),
    [{ kind: 'a', x: 1 }, { y: 1 }],
    [{ kind: 'a', y: 1 }, { kind: 'b' }],
  ],
];

describe('keywords', () => {
  it.each(CASES)('%j', (schema, valid, invalid) => {
    expect(valid.filter((value) => !isValid(schema, value))).toEqual([]);
    expect(invalid.filter((value) => isValid(schema, value))).toEqual([]);
  });

  it('beside $ref count from draft 2019-09 on, and not before', () => {
    const schema = { $ref: '#/$defs/text', maxLength: 2, $defs: { text: { type: 'string' } } };
    expect(isValid(schema, 'abc')).toBe(false);
    expect(isValid({ ...schema, $schema: 'http://json-schema.org/draft-07/schema#' }, 'abc')).toBe(true);
  });
});

describe('unevaluated', () => {
  it('members are those that no schema that holds has looked at', () => {
    const schema = {
      allOf: [{ properties: { a: true } }],
      anyOf: [
        { properties: { b: { type: 'integer' } }, required: ['b'] },
        { properties: { c: true }, required: ['c'] },
      ],
      if: { properties: { d: { const: 1 } }, required: ['d'] },
      unevaluatedProperties: false,
    };
    expect(isValid(schema, { a: 1, b: 1 })).toBe(true);
    expect(isValid(schema, { b: 1, c: 1, d: 1 })).toBe(true);
    // `b` fails in its branch, so that branch has evaluated nothing.
    expect(isValid(schema, { b: 'x', c: 1 })).toBe(false);
    expect(isValid(schema, { b: 1, d: 2 })).toBe(false);
  });

  it('items are those behind prefixItems that contains does not match', () => {
    const schema = { prefixItems: [{ type: 'string' }], contains: { const: 1 }, unevaluatedItems: false };
    expect(isValid(schema, ['a', 1, 1])).toBe(true);
    expect(isValid(schema, ['a', 1, 2])).toBe(false);
  });

  it('sees through references', () => {
    const schema = {
      $ref: '#/$defs/base',
      properties: { own: true },
      unevaluatedProperties: false,
      $defs: { base: { properties: { shared: true } } },
    };
    expect(isValid(schema, { own: 1, shared: 1 })).toBe(true);
    expect(isValid(schema, { other: 1 })).toBe(false);
  });
});

describe('names of Object.prototype are data', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s', (name) => {
    const quoted = JSON.stringify(name);
    expect(isValid(json(`{"required":[${quoted}]}`), {})).toBe(false);
    expect(isValid(json(`{"required":[${quoted}]}`), json(`{${quoted}:1}`))).toBe(true);
    const typed = json(`{"properties":{${quoted}:{"type":"string"}},"additionalProperties":false}`);
    expect(isValid(typed, json(`{${quoted}:"a"}`))).toBe(true);
    expect(isValid(typed, json(`{${quoted}:1}`))).toBe(false);
    expect(isValid(typed, {})).toBe(true);
    expect(isValid({ additionalProperties: false }, json(`{${quoted}:1}`))).toBe(false);
    expect(isValid(json(`{"const":{${quoted}:1}}`), {})).toBe(false);
    // As a keyword it is none.
    expect(isValid(json(`{${quoted}:{"type":"string"}}`), 1)).toBe(true);
    expect(({} as Record<string, unknown>)['type']).toBeUndefined();
  });
});
