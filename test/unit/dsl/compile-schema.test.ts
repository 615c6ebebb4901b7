/** Schema nodes of a definition, as the stages of a run use them. */
import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../../lib/dsl/compile/schema.ts';
import type { Json } from '../../../lib/jq/index.ts';

const nothingKept = (): null => null;
const problem = (node: Json, value: Json): string | null | undefined =>
  compileSchema(node, nothingKept, 'input/schema')?.problem(value);

describe('a schema node', () => {
  it('that is not there checks nothing', () => {
    expect(compileSchema(undefined, nothingKept, 'input/schema')).toBeNull();
  });

  it('gives null for a valid value, and one line for the first three problems of another', () => {
    const node = {
      document: { type: 'object', required: ['a', 'b', 'c'], properties: { d: { type: 'string' } } },
    };
    expect(problem(node, { a: 1, b: 1, c: 1 })).toBeNull();
    expect(problem(node, { d: 1 })).toBe(
      'missing property `a`. missing property `b`. missing property `c`. And 1 more',
    );
    expect(problem({ document: { properties: { d: { type: 'string' } } } }, { d: 1 })).toBe(
      '/d: must be a string; it is a number',
    );
  });

  it('of an external resource is read from what was kept of it', () => {
    const asked: string[] = [];
    const kept = (path: string): string => {
      asked.push(path);
      return '{"type":"integer"}';
    };
    const check = compileSchema({ resource: { endpoint: 'https://example.com' } }, kept, 'output/schema');
    expect(asked).toEqual(['output/schema/resource']);
    expect(check?.problem(1)).toBeNull();
    expect(check?.problem('1')).toBe('must be an integer; it is a string');
  });

  it('may name the dialect in its format', () => {
    const document = { definitions: { text: { type: 'string' } }, $ref: '#/definitions/text', maxLength: 1 };
    expect(problem({ format: 'json', document }, 'ab')).toBe('must have at most 1 character');
    expect(problem({ format: 'json:draft-07', document }, 'ab')).toBeNull();
  });

  it('that was never validated is a bug', () => {
    expect(() => problem({ document: { type: 'text' } }, 1)).toThrow(
      /a published schema does not compile: \/type/,
    );
    expect(() => problem({ resource: {} }, 1)).toThrow('nothing was kept of the schema');
  });
});
