/** `call: http`: what is sent. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { RUN_ID } from '../../support/engine-run.ts';
import { serve } from '../egress/kit.ts';
import { call, failureOf, outputOf } from './call-http-run.ts';

describe('the request', () => {
  const sent = async (arguments_: (origin: string) => Json, input: Json = null) => {
    const server = await serve((_, response) => response.end());
    await outputOf(call(arguments_(server.origin), { input }));
    const [first] = server.seen;
    if (first === undefined) throw new Error('nothing arrived');
    return first;
  };

  it('expands the URI template with the top-level properties of the input', async () => {
    const seen = await sent((origin) => ({ method: 'get', endpoint: `${origin}/pets/{id}{?tag}` }), {
      id: 7,
      tag: 'a b',
    });
    expect([seen.method, seen.url]).toEqual(['GET', '/pets/7?tag=a%20b']);
  });

  it('takes the endpoint as an object and as an expression, whose braces are not a template', async () => {
    const asObject = await sent((origin) => ({ method: 'get', endpoint: { uri: `${origin}/pets/{id}` } }), {
      id: 7,
    });
    expect(asObject.url).toBe('/pets/7');
    const server = await serve((_, response) => response.end());
    const input = { url: `${server.origin}/{id}`, id: 7 };
    await outputOf(call({ method: 'get', endpoint: '${ .url }' }, { input }));
    await outputOf(call({ method: 'get', endpoint: { uri: '${ .url }' } }, { input }));
    expect(server.seen.map(({ url }) => url)).toEqual(['/%7Bid%7D', '/%7Bid%7D']);
  });

  it('appends the query to that of the endpoint: arrays repeat, null is left out', async () => {
    const query = { q: '${ .q }', n: '${ .n }', list: '${ .list }', none: '${ .none }', 'a&b': 'c=d' };
    const seen = await sent((origin) => ({ method: 'get', endpoint: `${origin}/?x=1+2#f`, query }), {
      q: 'ü ?',
      n: 0,
      list: [1, null, 'b', true],
      none: null,
    });
    expect(seen.url).toBe('/?x=1+2&q=%C3%BC%20%3F&n=0&list=1&list=b&list=true&a%26b=c%3Dd');
  });

  it('takes headers and query as one expression each', async () => {
    const seen = await sent(
      (origin) => ({ method: 'get', endpoint: origin, headers: '${ .h }', query: '${ .q }' }),
      { h: { 'X-Number': 5, 'x-none': null }, q: { a: 1 } },
    );
    expect(seen.url).toBe('/?a=1');
    expect(seen.headers['x-number']).toBe('5');
    expect(seen.headers).not.toHaveProperty('x-none');
  });

  it('carries the idempotency key of the task, unless the workflow sets that header', async () => {
    const own = await sent((origin) => ({ method: 'post', endpoint: origin }));
    expect(own.headers['vespid-idempotency-key']).toBe(`${RUN_ID}/do/0/call`);
    const headers = { 'Vespid-Idempotency-Key': 'mine' };
    const set = await sent((origin) => ({ method: 'post', endpoint: origin, headers }));
    expect(set.headers['vespid-idempotency-key']).toBe('mine');
  });

  it.each<[string, Json, string | undefined, string | undefined, string]>([
    ['text as it is', 'hällo', undefined, 'text/plain; charset=utf-8', 'hällo'],
    ['text with the content type of the workflow', '<a/>', 'application/xml', 'application/xml', '<a/>'],
    [
      'an object as JSON',
      { a: [1, null], 's\u0000': '\ud800' },
      undefined,
      'application/json',
      '{"a":[1,null],"s\\u0000":"\\ud800"}',
    ],
    ['a number as JSON', 5, undefined, 'application/json', '5'],
    [
      'an object as JSON of the type set',
      { a: 1 },
      'application/vnd.api+json',
      'application/vnd.api+json',
      '{"a":1}',
    ],
    [
      'a form',
      { a: 'x y&', b: [1, 2], c: null, d: true },
      'application/x-www-form-urlencoded; charset=utf-8',
      'application/x-www-form-urlencoded; charset=utf-8',
      'a=x+y%26&b=1&b=2&d=true',
    ],
    ['nothing for null', null, undefined, undefined, ''],
  ])('sends %s', async (_, body, given, contentType, content) => {
    const headers = given === undefined ? {} : { 'Content-Type': given };
    const seen = await sent((origin) => ({ method: 'post', endpoint: origin, headers, body: '${ .body }' }), {
      body,
    });
    expect([seen.headers['content-type'], seen.body]).toEqual([contentType, content]);
  });

  it('evaluates expressions inside the body', async () => {
    const body = { id: '${ .id }', literal: '.id' };
    const seen = await sent((origin) => ({ method: 'post', endpoint: origin, body }), { id: 7 });
    expect(seen.body).toBe('{"id":7,"literal":".id"}');
  });

  it.each<[string, Json, Json, string]>([
    [
      'a template value that is no scalar',
      { endpoint: 'http://127.0.0.1:1/{id}' },
      { id: [1] },
      'the value of {id} is an array',
    ],
    [
      'an endpoint that is not text',
      { endpoint: '${ .id }' },
      { id: 7 },
      'The `endpoint` of the call is not text.',
    ],
    ['an endpoint that is no URL', { endpoint: '${ .id }' }, { id: '/x?secret' }, 'is not an absolute URL'],
    [
      'another scheme',
      { endpoint: '${ .id }' },
      { id: 'mailto:secret@x' },
      'the scheme "mailto:" is not supported',
    ],
    [
      'a user name in the URL',
      { endpoint: '${ .id }' },
      { id: 'http://a:secret@127.0.0.1:1/' },
      'send an authorization header instead',
    ],
    ['a method that is none', { method: '${ .id }' }, { id: 'GET /x' }, 'is not a method'],
    ['a method that is not text', { method: '${ .id }' }, { id: 7 }, 'The `method` of the call is not text.'],
    [
      'headers that are no object',
      { headers: '${ .id }' },
      { id: 7 },
      'The `headers` of the call is not an object.',
    ],
    [
      'a header that is no scalar',
      { headers: { a: '${ .id }' } },
      { id: { b: 1 } },
      'the value of "a" is not text',
    ],
    ['a header twice', { headers: { a: '1', A: '2' } }, null, 'The header "a" of the call has two values.'],
    [
      'a header with a line break',
      { headers: { a: '${ .id }' } },
      { id: 'x\r\nsecret: 1' },
      'has a line break',
    ],
    ['a header of the client', { headers: { Host: 'secret' } }, null, 'the header "host" may not be set'],
    [
      'a query value that is no scalar',
      { query: { a: '${ .id }' } },
      { id: [[1]] },
      'the value of "a" is not text',
    ],
    ['a query that no URL can hold', { query: '${ . }' }, { q: 'x'.repeat(1e6) }, 'longer than 16384'],
    [
      'an endpoint that no URL can be',
      { endpoint: `http://127.0.0.1:1/${'{+q}'.repeat(2000)}` },
      { q: 'x'.repeat(500_000) },
      'longer than 16384',
    ],
    [
      'thousands of headers',
      { headers: '${ . }' },
      Object.fromEntries(Array.from({ length: 100_000 }, (__, n) => [`k${n}`, 'v'])),
      'more than 8192 headers',
    ],
    ['a query with a lone surrogate', { query: { a: '${ .id }' } }, { id: '\ud800' }, 'lone surrogate'],
    [
      'a form value that is no scalar',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: { a: { b: 1 } } },
      null,
      'the value of "a" is not text',
    ],
  ])('%s is an expression error that does not repeat the value', async (_, part, input, message) => {
    const arguments_ = { method: 'get', endpoint: 'http://127.0.0.1:1/', ...(part as Record<string, Json>) };
    const failure = await failureOf(call(arguments_, { input }));
    expect(failure).toMatchObject({
      type: 'expression',
      status: 400,
      title: 'Expression error',
      instance: '/do/0/call',
      retryable: false,
    });
    expect(failure.detail).toContain(message);
    expect(failure.detail).not.toContain('secret');
  });
});
