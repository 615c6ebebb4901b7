import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../../lib/http/body.ts';
import { openRoute, type Route } from '../../../lib/http/route.ts';
import { closedObject, storableText, textMap } from '../../../lib/http/shapes.ts';
import { openTestApp } from './app-under-test.ts';

const shape = closedObject({
  name: storableText(1, 10),
  labels: v.optional(textMap(storableText(1, 5), storableText(0, 5))),
});

const route: Route = openRoute({
  name: 'probe',
  method: 'post',
  paths: ['/probe'],
  access: 'public',
  summary: '',
  answers: {},
  handler: async (context) => context.c.json(await readBody(context, shape)),
});

interface Answer {
  status: number;
  code?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
}

async function post(body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Answer> {
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    body: body ?? null,
    headers: { 'content-type': 'application/json', ...headers },
    duplex: 'half',
  };
  const answer = await openTestApp([route]).app.request('/probe', init);
  // A problem document, or the echoed body.
  return { ...((await answer.json()) as Answer), status: answer.status };
}

/** A body of 100 KB without Content-Length. */
function unannounced(onPull: () => void): ReadableStream {
  let left = 1000;
  return new ReadableStream({
    pull(controller) {
      onPull();
      controller.enqueue(new Uint8Array(100).fill(0x20));
      if (--left === 0) controller.close();
    },
  });
}

describe('size', () => {
  it('stops reading an unannounced body at the limit', async () => {
    let pulled = 0;
    expect(await post(unannounced(() => void pulled++))).toMatchObject({
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    });
    expect(pulled).toBeLessThan(20);
  });

  it('takes a body of exactly the limit', async () => {
    const text = '{"name":"a"}';
    expect((await post(text.padEnd(1024))).status).toBe(200);
    expect((await post(text.padEnd(1025))).status).toBe(413);
  });
});

describe('media types', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])(
    'takes %s',
    async (type) => {
      expect((await post('{"name":"a"}', { 'content-type': type })).status).toBe(200);
    },
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonx',
    'application/yaml',
  ])('refuses %s with 415', async (type) => {
    expect(await post('{"name":"a"}', { 'content-type': type })).toMatchObject({
      status: 415,
      code: 'UNSUPPORTED_MEDIA_TYPE',
    });
  });

  it('refuses an encoded body with 415', async () => {
    expect((await post('{"name":"a"}', { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('asks for no media type where there is no body', async () => {
    expect(await post('', { 'content-type': 'text/plain' })).toMatchObject({
      status: 422,
      errors: [{ path: '', message: 'is required' }],
    });
  });
});

describe('JSON', () => {
  it.each([
    ['a broken text', '{"name":', 'line 1'],
    ['invalid UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'UTF-8'],
    ['10,000 levels', '['.repeat(500) + ']'.repeat(500), 'levels'],
    ['a number out of range', '{"name":1e999}', 'out of range'],
  ])('answers 400 for %s and says where', async (_name, body, hint) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, code: 'INVALID_JSON' });
    expect(answer.detail).toContain(hint);
  });
});

describe('validation', () => {
  it('reports every problem at once, with JSON pointers', async () => {
    const answer = await post('{"nme":"a","x/~y":1,"labels":{"toolong":"a","k":1}}');
    expect(answer).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    expect(answer.errors).toEqual([
      { path: '/name', message: 'is required' },
      { path: '/labels/toolong', message: 'must have at most 5 characters' },
      { path: '/labels/k', message: 'must be a string' },
      { path: '/nme', message: 'is not a known member' },
      { path: '/x~1~0y', message: 'is not a known member' },
    ]);
  });

  it.each([
    ['NUL characters', String.raw`a\u0000`, 'U+0000'],
    ['lone high surrogates', String.raw`\ud800`, 'surrogate'],
    ['lone low surrogates', String.raw`\udc00a`, 'surrogate'],
  ])('refuses %s in text that is stored', async (_name, escape, hint) => {
    expect((await post(`{"name":"${escape}"}`)).errors).toEqual([
      { path: '/name', message: expect.stringContaining(hint) },
    ]);
    expect((await post(`{"name":"a","labels":{"${escape}":"v"}}`)).status).toBe(422);
  });

  it('keeps whole surrogate pairs', async () => {
    expect(await post(String.raw`{"name":"\ud83d\ude00"}`)).toEqual({ status: 200, name: '😀' });
  });

  it.each(['null', '"a"', '[]', '[{"name":"a"}]', '1'])(
    'refuses %s where an object is expected',
    async (body) => {
      expect(await post(body)).toMatchObject({
        status: 422,
        errors: [{ path: '', message: 'must be an object' }],
      });
    },
  );

  it.each(['[]', '["a"]'])('refuses %s where an object with any names is expected', async (labels) => {
    expect((await post(`{"name":"a","labels":${labels}}`)).errors).toEqual([
      { path: '/labels', message: 'must be an object of strings' },
    ]);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('lets no %s vanish in silence', async (name) => {
    expect((await post(`{"name":"a","${name}":{"x":1}}`)).errors).toEqual([
      { path: `/${name}`, message: 'is not a known member' },
    ]);
    expect((await post(`{"name":"a","labels":{"k":"v","${name}":"v"}}`)).errors).toEqual([
      { path: `/labels/${name}`, message: 'is a reserved name' },
    ]);
  });
});
