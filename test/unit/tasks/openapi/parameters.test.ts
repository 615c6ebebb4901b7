import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../lib/jq/index.ts';
import type { OperationParameter, Style } from '../../../../lib/tasks/openapi/operation.ts';
import { errorOf, operation, parameter, requestOf, urlOf } from './operations.ts';

const ARRAY = ['blue', 'black', 'brown'];
const OBJECT = { R: 100, G: 200, B: 150 };

const inPath = (members: Partial<OperationParameter>): ReturnType<typeof operation> =>
  operation({ path: '/a/{color}', parameters: [parameter('color', 'path', members)] });
const inQuery = (members: Partial<OperationParameter>): ReturnType<typeof operation> =>
  operation({ path: '/a', parameters: [parameter('color', 'query', members)] });

describe('styles are those of the OpenAPI specification (Style Examples)', () => {
  it.each<[Style, boolean, Json, string]>([
    ['matrix', false, 'blue', ';color=blue'],
    ['matrix', true, 'blue', ';color=blue'],
    ['matrix', false, ARRAY, ';color=blue,black,brown'],
    ['matrix', true, ARRAY, ';color=blue;color=black;color=brown'],
    ['matrix', false, OBJECT, ';color=R,100,G,200,B,150'],
    ['matrix', true, OBJECT, ';R=100;G=200;B=150'],
    ['label', false, 'blue', '.blue'],
    ['label', false, ARRAY, '.blue,black,brown'],
    ['label', true, ARRAY, '.blue.black.brown'],
    ['label', false, OBJECT, '.R,100,G,200,B,150'],
    ['label', true, OBJECT, '.R=100.G=200.B=150'],
    ['simple', false, 'blue', 'blue'],
    ['simple', false, ARRAY, 'blue,black,brown'],
    ['simple', false, OBJECT, 'R,100,G,200,B,150'],
    ['simple', true, OBJECT, 'R=100,G=200,B=150'],
    ['pipeDelimited', false, ARRAY, 'blue%7Cblack%7Cbrown'],
  ])('path, %s, explode %s: %j', async (style, explode, color, expected) => {
    expect(await urlOf(inPath({ style, explode }), { color })).toBe(`/a/${expected}`);
  });

  it.each<[Style, boolean, Json, string]>([
    ['form', false, 'blue', '?color=blue'],
    ['form', true, '', '?color='],
    ['form', false, ARRAY, '?color=blue,black,brown'],
    ['form', true, ARRAY, '?color=blue&color=black&color=brown'],
    ['form', false, OBJECT, '?color=R,100,G,200,B,150'],
    ['form', true, OBJECT, '?R=100&G=200&B=150'],
    ['form', true, [], ''],
    ['form', true, [null, 'x'], '?color=x'],
    ['spaceDelimited', false, ARRAY, '?color=blue%20black%20brown'],
    ['pipeDelimited', false, ARRAY, '?color=blue%7Cblack%7Cbrown'],
    ['pipeDelimited', true, ARRAY, '?color=blue&color=black&color=brown'],
    ['tabDelimited', false, ARRAY, '?color=blue%09black%09brown'],
    ['deepObject', true, OBJECT, '?color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
    ['deepObject', true, { in: ['a', 'b'] }, '?color%5Bin%5D=a&color%5Bin%5D=b'],
    ['form', true, true, '?color=true'],
    ['form', true, 'a&b=c d#é/?', '?color=a%26b%3Dc%20d%23%C3%A9%2F%3F'],
  ])('query, %s, explode %s: %j', async (style, explode, color, expected) => {
    expect(await urlOf(inQuery({ style, explode }), { color })).toBe(`/a${expected}`);
  });

  it('leaves reserved characters where the document allows it, but for those that would end the value', async () => {
    expect(await urlOf(inQuery({ allowReserved: true }), { color: 'a/b:c?d&e=f#g h' })).toBe(
      '/a?color=a/b:c?d%26e%3Df%23g%20h',
    );
  });

  it('sends JSON where the document says so', async () => {
    expect(await urlOf(inQuery({ json: true }), { color: { a: [1] } })).toBe(
      '/a?color=%7B%22a%22%3A%5B1%5D%7D',
    );
  });
});

describe('where parameters go', () => {
  it('puts headers and cookies where they belong, and a name into every place that has it', async () => {
    const parameters = [
      parameter('id', 'query'),
      parameter('id', 'header'),
      parameter('X-List', 'header'),
      parameter('session', 'cookie'),
      parameter('theme', 'cookie'),
    ];
    const request = await requestOf(operation({ accept: 'application/json', parameters }), {
      id: 7,
      'X-List': ['a', 'b'],
      session: 'a;b',
      theme: 'dark',
    });
    expect(request.url).toBe('https://api.example.org/v1/pets?id=7');
    expect(request.headers).toEqual({
      accept: 'application/json',
      'vespid-idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}\/do\/0\/call$/),
      id: '7',
      'x-list': 'a,b',
      cookie: 'session=a%3Bb; theme=dark',
    });
    expect(request.body).toBeUndefined();
  });

  it('evaluates expressions on the input of the task', async () => {
    const kept = operation({ path: '/pets/{id}', parameters: [parameter('id', 'path')] });
    const { url } = await requestOf(kept, { id: '${ .pet.id }' }, { input: { pet: { id: 42 } } });
    expect(url).toBe('https://api.example.org/v1/pets/42');
  });
});

describe('what cannot be sent is an expression error, and nothing is sent', () => {
  const kept = operation({
    path: '/pets/{id}/x',
    parameters: [parameter('id', 'path'), parameter('q', 'query', { required: true })],
  });

  it.each<[string, Json, RegExp]>([
    [
      'a required parameter is missing',
      { id: 1 },
      /operation op needs the query parameter "q"; it is missing or null/,
    ],
    ['a required parameter is null', { id: null, q: 1 }, /path parameter "id"; it is missing or null/],
    ['an empty part of the path', { id: '', q: 1 }, /path parameter "id" of the call is empty/],
    ['a part that leads elsewhere', { id: '..', q: 1 }, /would lead to another path/],
    [
      'a value that nests',
      { id: 1, q: [{ a: 1 }] },
      /parameter "q" of the call has an array or object inside/,
    ],
    ['half a character', { id: 1, q: '\ud800' }, /parameter "q" of the call has a lone surrogate/],
  ])('%s', async (_, parameters, detail) => {
    const { error, requests } = await errorOf(kept, { parameters });
    expect(error).toMatchObject({
      status: 400,
      instance: '/do/0/call',
      detail: expect.stringMatching(detail),
    });
    expect(error.type).toMatch(/\/expression$/);
    expect(requests).toEqual([]);
  });

  it('what no URL can hold is refused before it is written out, however often the path names it', async () => {
    const many = operation({ path: `/${'{id}'.repeat(15_000)}`, parameters: [parameter('id', 'path')] });
    const startedAt = performance.now();
    const large = await errorOf(kept, { parameters: { id: 1, q: 'é'.repeat(4_000_000) } });
    expect(large.error.detail).toBe('The parameter "q" of the call is larger than 65536 bytes.');
    const repeated = await errorOf(many, { parameters: { id: 'x'.repeat(50_000) } });
    expect(repeated.error.detail).toBe('The URL of the operation is too long.');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('cannot be led to another path by an encoded value', async () => {
    expect(await urlOf(kept, { id: '../../admin', q: 'a' })).toBe('/pets/..%2F..%2Fadmin/x?q=a');
    expect(await urlOf(kept, { id: '%2e%2e', q: 'a' })).toBe('/pets/%252e%252e/x?q=a');
  });

  it('names a parameter that the operation does not have', async () => {
    const { error } = await errorOf(operation(), { parameters: { statsu: 'available' } });
    expect(error.detail).toBe('The operation op has no parameter "statsu", and takes no body.');
    expect(error.type).toMatch(/\/configuration$/);
  });
});
