import { describe, expect, it } from 'vitest';
import { performance } from 'node:perf_hooks';
import type { Json } from '../../../../lib/jq/index.ts';
import { faultOf, openapi, reduce, swagger } from './documents.ts';

describe('what is wrong with a document is said precisely', () => {
  it.each<[string, Json, RegExp]>([
    ['no OpenAPI', { hello: 1 }, /neither `openapi` nor `swagger`/],
    ['a list', [1], /neither `openapi` nor `swagger`/],
    ['an unknown version', { openapi: '4.0.0' }, /OpenAPI `4\.0\.0`; 3\.0, 3\.1, 3\.2 and Swagger 2\.0/],
    ['Swagger 1.2', { swagger: '1.2' }, /OpenAPI `1\.2`/],
    ['a parameter without a name', openapi({ parameters: [{ in: 'query' }] }), /has no name/],
    [
      'a parameter that is nowhere',
      openapi({ parameters: [{ name: 'a', in: 'quary' }] }),
      /`a`.*`path`, `query`, `header` or `cookie`/,
    ],
    [
      'a style of another place',
      openapi({ parameters: [{ name: 'a', in: 'query', style: 'matrix' }] }),
      /query parameter `a`.*`form`/,
    ],
    ['a path parameter that is missing', openapi({}, {}, '/pets/{id}'), /`\{id\}`, and no path parameter/],
    ['a path with a query', openapi({}, {}, '/pets?x=1'), /has a query or a space/],
    ['a path that leads up', openapi({}, {}, '/pets/../admin'), /"\.\."/],
    [
      'another document',
      openapi({ parameters: [{ $ref: 'common.yaml#/id' }] }),
      /in another document; .*bundle/,
    ],
    ['a reference to nothing', openapi({ parameters: [{ $ref: '#/components/none' }] }), /leads nowhere/],
    [
      'a reference to an inherited member',
      openapi({ parameters: [{ $ref: '#/constructor' }] }),
      /leads nowhere/,
    ],
    [
      'only servers that no call can reach',
      openapi({ servers: [{ url: 'ftp://example.org' }] }),
      /no server with an http or https URL/,
    ],
    [
      'a server variable without a default',
      openapi({ servers: [{ url: 'https://{x}/' }] }),
      /variable `x`.*no default/,
    ],
    ['a server with a query', openapi({ servers: [{ url: 'https://example.org/?a=1' }] }), /has a query/],
    ['a server with a password', openapi({ servers: [{ url: 'https://a:b@example.org' }] }), /a user name/],
    ['schemes that no call can use', swagger({ schemes: ['wss'] }), /neither http nor https/],
    ['a host that is a path', swagger({}, { host: 'example.org/x' }), /`host`/],
  ])('%s', (_, document, message) => {
    expect(faultOf(document).message).toMatch(message);
  });

  it('names the operations that are near, at the place of the operationId', () => {
    const operations = ['findPetsByStatus', 'findPetsByTags', 'addPet', 'deleteOrder'];
    const paths = Object.fromEntries(operations.map((id, n) => [`/${n}`, { get: { operationId: id } }]));
    const fault = faultOf({ openapi: '3.0.0', paths }, 'findPetByStatus');
    expect(fault.at).toBe('../operationId');
    expect(fault.message).toBe(
      'the document has no operation `findPetByStatus`; did you mean `findPetsByStatus` or `findPetsByTags`?',
    );
    expect(faultOf({ openapi: '3.0.0', paths }, 'zzz').message).toMatch(/it has `findPetsByStatus`, /);
  });

  it('refuses an operationId that two operations have', () => {
    const paths = { '/a': { get: { operationId: 'op' } }, '/b': { get: { operationId: 'op' } } };
    expect(faultOf({ openapi: '3.0.0', paths }).message).toMatch(/has 2 operations `op`/);
  });
});

/** Far below what a request of the API may be held up, far above what the work takes. */
const MAX_MS = 500;

function timed<T>(work: () => T): T {
  const startedAt = performance.now();
  const result = work();
  expect(performance.now() - startedAt).toBeLessThan(MAX_MS);
  return result;
}

describe('a hostile document costs no more than its size', () => {
  it('has 10,000 operations', () => {
    const paths = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [`/path/${n}`, { get: { operationId: `operation${n}` } }]),
    );
    expect(timed(() => reduce({ openapi: '3.0.0', paths }, 'operation9999')).path).toBe('/path/9999');
    expect(timed(() => faultOf({ openapi: '3.0.0', paths }, 'operaton77')).message).toMatch(/did you mean/);
  });

  it('refers in circles', () => {
    const parameters = { a: { $ref: '#/components/parameters/b' }, b: { $ref: '#/components/parameters/a' } };
    const document = openapi(
      { parameters: [{ $ref: '#/components/parameters/a' }] },
      { components: { parameters } },
    );
    expect(timed(() => faultOf(document)).message).toMatch(/chain of more than 8 references/);
  });

  it('has schemas that multiply when they are expanded', () => {
    const schemas: { [name: string]: Json } = {};
    for (let n = 0; n < 2000; n += 1) {
      const next = { $ref: `#/components/schemas/s${(n + 1) % 2000}` };
      schemas[`s${n}`] = { allOf: Array.from({ length: 20 }, () => next), properties: { [`p${n}`]: next } };
    }
    const content = { 'application/json': { schema: { $ref: '#/components/schemas/s0' } } };
    const document = openapi({ requestBody: { content } }, { components: { schemas } });
    expect(timed(() => reduce(document)).body?.names).toEqual(['body']);
  });

  it('has paths that all refer along long chains', () => {
    const pathItems: { [name: string]: Json } = {};
    for (let n = 0; n < 7; n += 1) pathItems[`i${n}`] = { $ref: `#/components/pathItems/i${n + 1}` };
    pathItems['i7'] = { get: { operationId: 'op' } };
    const paths = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, n) => [`/${n}`, { $ref: '#/components/pathItems/i1' }]),
    );
    const document = { openapi: '3.1.0', paths, components: { pathItems } };
    expect(timed(() => faultOf(document)).message).toMatch(/20000 operations/);
  });

  it('has too many parameters, or is too large to be kept', () => {
    const many = Array.from({ length: 201 }, (_, n) => ({ name: `p${n}`, in: 'query' }));
    expect(faultOf(openapi({ parameters: many })).message).toMatch(/more than 200 parameters/);
    const long = Array.from({ length: 100 }, (_, n) => ({ name: `${n}${'x'.repeat(1000)}`, in: 'query' }));
    expect(faultOf(openapi({ parameters: long })).message).toMatch(/takes \d+ bytes to keep; at most 65536/);
  });

  it('nests as deeply as its parser lets it', () => {
    let schema: Json = {};
    for (let n = 0; n < 480; n += 1) schema = { allOf: [schema], properties: { a: {} } };
    const document = openapi({ requestBody: { content: { 'application/json': { schema } } } });
    expect(timed(() => reduce(document)).body?.types).toEqual(['application/json']);
  });

  it('has names of the prototype', () => {
    const text = `{"openapi":"3.0.0","paths":{"__proto__":{"get":{"operationId":"op","parameters":[
      {"name":"__proto__","in":"query"},{"name":"constructor","in":"header"}]}},"/a":{"get":{"operationId":"toString"}}}}`;
    const document = JSON.parse(text) as Json;
    expect(faultOf(document).message).toMatch(/path of the operation does not begin/);
    expect(reduce(document, 'toString').path).toBe('/a');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('costs of a hostile document', () => {
  const elapsed = (work: () => unknown): number => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  };

  it('a server with half a million slashes', () => {
    const document = openapi({ servers: [{ url: `https://example.org${'/'.repeat(500_000)}a` }] });
    expect(elapsed(() => expect(faultOf(document).message).toMatch(/longer than 16384/))).toBeLessThan(500);
  });

  it('hundreds of thousands of operations by way of shared path items', () => {
    const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'query'];
    const item = Object.fromEntries(methods.map((name) => [name, { operationId: name.padEnd(60, 'abcd') }]));
    const paths = Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`/${n}`, { $ref: '#/item' }]));
    const document: Json = { openapi: '3.1.0', item, paths };
    expect(elapsed(() => expect(faultOf(document).message).toMatch(/no operation/))).toBeLessThan(1000);
  });
});
