/** References, identities and dialects: everything stays within one document. */
import { describe, expect, it } from 'vitest';
import { compileJsonSchema } from '../../../lib/json-schema/index.ts';
import { isValid, mistakes } from './check.ts';

const DRAFT_7 = 'http://json-schema.org/draft-07/schema#';

describe('$ref', () => {
  it('follows pointers, with escapes and percent-encoding, also into places that hold no schemas', () => {
    const schema = {
      properties: {
        a: { $ref: '#/$defs/with~1slash' },
        b: { $ref: '#/$defs/with%20space' },
        c: { $ref: '#/components/schemas/0' },
      },
      $defs: { 'with/slash': { type: 'string' }, 'with space': { type: 'integer' } },
      components: { schemas: [{ type: 'null' }] },
    };
    expect(isValid(schema, { a: '', b: 1, c: null })).toBe(true);
    for (const value of [{ a: 1 }, { b: '' }, { c: 1 }]) expect(isValid(schema, value)).toBe(false);
  });

  it('may form cycles', () => {
    const tree = {
      type: 'object',
      required: ['value'],
      properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#' } } },
    };
    expect(isValid(tree, { value: 1, children: [{ value: 2, children: [{ value: 3 }] }] })).toBe(true);
    expect(isValid(tree, { value: 1, children: [{ value: 2, children: [{}] }] })).toBe(false);
  });

  it('names schemas by $id and $anchor', () => {
    const schema = {
      $id: 'https://example.com/root',
      properties: { a: { $ref: 'item' }, b: { $ref: 'item#small' }, c: { $ref: '#top' } },
      $defs: {
        item: { $id: 'item', type: 'integer', $defs: { small: { $anchor: 'small', maximum: 9 } } },
        top: { $anchor: 'top', type: 'string' },
      },
    };
    expect(isValid(schema, { a: 100, b: 9, c: '' })).toBe(true);
    for (const value of [{ a: '' }, { b: 10 }, { c: 1 }]) expect(isValid(schema, value)).toBe(false);
  });

  it.each([
    [
      'another document',
      { $ref: 'https://example.com/other' },
      '/$ref',
      /leads to another document, and none is fetched/,
    ],
    [
      'the metaschema',
      { $ref: 'https://json-schema.org/draft/2020-12/schema' },
      '/$ref',
      /leads to another document/,
    ],
    ['a place that is not there', { items: { $ref: '#/$defs/x' } }, '/items/$ref', /leads nowhere/],
    ['an anchor that is not there', { $ref: '#x' }, '/$ref', /there is no anchor `x`/],
    ['no text', { $ref: 1 }, '/$ref', /must be a URI reference/],
  ])('to %s is a mistake of the schema', (_what, schema, path, message) => {
    expect(mistakes(schema)).toEqual([{ path, message: expect.stringMatching(message) as string }]);
  });
});

describe('$dynamicRef', () => {
  it('finds the outermost anchor of its name', () => {
    const tree = {
      $id: 'https://example.com/tree',
      $dynamicAnchor: 'node',
      type: 'object',
      properties: { children: { type: 'array', items: { $dynamicRef: '#node' } } },
    };
    const strict = {
      $id: 'https://example.com/strict',
      $dynamicAnchor: 'node',
      $ref: 'tree',
      unevaluatedProperties: false,
      $defs: { tree },
    };
    expect(isValid(tree, { children: [{ other: 1 }] })).toBe(true);
    expect(isValid(strict, { children: [{ children: [] }] })).toBe(true);
    expect(isValid(strict, { children: [{ other: 1 }] })).toBe(false);
  });
});

describe('dialects', () => {
  it('2020-12 is the default, and $schema chooses draft-07', () => {
    const pair = { items: [{ type: 'string' }], additionalItems: false };
    expect(mistakes(pair)[0]?.path).toBe('/items');
    expect(isValid({ $schema: DRAFT_7, ...pair }, ['a'])).toBe(true);
    expect(isValid({ $schema: DRAFT_7, ...pair }, ['a', 1])).toBe(false);
    expect(isValid({ $schema: DRAFT_7, prefixItems: [false] }, [1])).toBe(true);
  });

  it('a schema without $schema is in the dialect that the caller names', () => {
    const pair = { items: [{ type: 'string' }] };
    expect(compileJsonSchema(pair, { dialect: 'draft-07' }).ok).toBe(true);
    expect(compileJsonSchema(pair, { dialect: '2020-12' }).ok).toBe(false);
    expect(compileJsonSchema(pair, { dialect: '2019-09' }).ok).toBe(true);
  });

  it.each(['http://json-schema.org/draft-04/schema#', 'https://example.com/meta', 7])(
    '%s is refused, and the message says what is supported',
    (name) => {
      expect(mistakes({ $schema: name })).toEqual([
        { path: '/$schema', message: expect.stringContaining('draft/2020-12/schema') as string },
      ]);
    },
  );
});

describe('a broken schema', () => {
  it('gives every mistake with its place', () => {
    const schema = {
      type: 'text',
      properties: { a: 5, 'b/c': { minimum: '1' } },
      required: ['a', 1],
      multipleOf: 0,
      minLength: -1,
      anyOf: [],
      pattern: '(',
      enum: 'a',
    };
    expect(
      mistakes(schema)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      '/anyOf',
      '/enum',
      '/minLength',
      '/multipleOf',
      '/pattern',
      '/properties/a',
      '/properties/b~1c/minimum',
      '/required',
      '/type',
    ]);
  });

  it.each([null, 1, 'text', []])('%j is no schema', (schema) => {
    expect(mistakes(schema)).toEqual([{ path: '', message: 'must be a schema: an object or a boolean' }]);
  });
});
