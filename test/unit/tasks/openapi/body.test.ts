import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../lib/jq/index.ts';
import type { OperationBody } from '../../../../lib/tasks/openapi/operation.ts';
import { errorOf, operation, parameter, requestOf } from './operations.ts';

const taking = (types: string[], more: Partial<OperationBody> = {}) =>
  operation({
    method: 'POST',
    path: '/pets',
    parameters: [parameter('page', 'query')],
    body: { required: false, names: ['body'], types, fields: [], ...more },
  });

async function sent(kept: ReturnType<typeof operation>, parameters: Json) {
  const { headers, body } = await requestOf(kept, parameters);
  return { type: headers['content-type'], body };
}

describe('JSON', () => {
  it.each<[string, Json, string | undefined]>([
    ['what is left over', { page: 1, name: 'Rex', tags: [1] }, '{"name":"Rex","tags":[1]}'],
    ['`body` as the whole of it', { page: 1, body: { name: 'Rex' } }, '{"name":"Rex"}'],
    ['`body` as a member among others', { body: 'text', title: 'x' }, '{"body":"text","title":"x"}'],
    ['a text as JSON', { body: 'text' }, '"text"'],
    ['nothing when nothing is left', { page: 1 }, undefined],
    ['nothing when the body is null', { body: null }, undefined],
  ])('sends %s', async (_, parameters, body) => {
    const type = body === undefined ? undefined : 'application/json';
    expect(await sent(taking(['application/xml', 'application/json']), parameters)).toEqual({ type, body });
  });

  it('sends `body` as a member where the document has one of that name', async () => {
    expect(await sent(taking(['application/json'], { names: [] }), { body: 'hi' })).toMatchObject({
      body: '{"body":"hi"}',
    });
  });

  it('keeps names like __proto__', async () => {
    const parameters = JSON.parse('{"__proto__": 1, "a": 2}') as Json;
    expect(await sent(taking(['application/json']), parameters)).toMatchObject({
      body: '{"__proto__":1,"a":2}',
    });
  });

  it('takes the type that the operation names, or JSON for any', async () => {
    expect(await sent(taking(['application/vnd.pet+json']), { a: 1 })).toMatchObject({
      type: 'application/vnd.pet+json',
    });
    expect(await sent(taking(['*/*']), { a: 1 })).toMatchObject({
      type: 'application/json',
      body: '{"a":1}',
    });
  });
});

describe('forms', () => {
  it('are used where the operation takes no JSON', async () => {
    const kept = taking(['application/x-www-form-urlencoded'], {
      fields: [
        { name: 'csv', style: 'form', explode: false },
        { name: 'deep', style: 'deepObject', explode: true },
      ],
    });
    const parameters = {
      name: 'a b&c',
      tags: ['x', 'y'],
      csv: [1, 2],
      deep: { k: 'v' },
      meta: { z: 1 },
      none: null,
    };
    expect(await sent(kept, parameters)).toEqual({
      type: 'application/x-www-form-urlencoded',
      body: 'name=a+b%26c&tags=x&tags=y&csv=1%2C2&deep%5Bk%5D=v&meta=%7B%22z%22%3A1%7D',
    });
  });

  it('have parts, file names and types where they are multipart', async () => {
    const kept = taking(['multipart/form-data'], {
      fields: [
        { name: 'file', file: true },
        { name: 'note', contentType: 'text/markdown' },
      ],
    });
    const { type, body } = await sent(kept, { file: 'DATA', note: '# hi', 'na"me\r\n': 'x', meta: { a: 1 } });
    const [, boundary = ''] = /^multipart\/form-data; boundary=(vespid-[0-9a-z]{30})$/.exec(type ?? '') ?? [];
    expect(String(body).split('\r\n')).toEqual([
      `--${boundary}`,
      'content-disposition: form-data; name="file"; filename="file"',
      'content-type: application/octet-stream',
      '',
      'DATA',
      `--${boundary}`,
      'content-disposition: form-data; name="note"',
      'content-type: text/markdown',
      '',
      '# hi',
      `--${boundary}`,
      'content-disposition: form-data; name="na%22me%0D%0A"',
      '',
      'x',
      `--${boundary}`,
      'content-disposition: form-data; name="meta"',
      'content-type: application/json',
      '',
      '{"a":1}',
      `--${boundary}--`,
      '',
    ]);
  });
});

describe('other types', () => {
  it('take a text as it is', async () => {
    expect(await sent(taking(['application/xml']), { body: '<pet/>' })).toEqual({
      type: 'application/xml',
      body: '<pet/>',
    });
  });

  it.each<[string, ReturnType<typeof operation>, Json, RegExp]>([
    [
      'an object as XML',
      taking(['application/xml']),
      { name: 'x' },
      /body of the call must be a text, since it is sent as application\/xml/,
    ],
    [
      'a list as a form',
      taking(['application/x-www-form-urlencoded']),
      { body: [1] },
      /body of the call must be an object/,
    ],
    [
      'no body where one is required',
      taking(['application/json'], { required: true }),
      { page: 1 },
      /operation op needs a body/,
    ],
  ])('%s is an expression error', async (_, kept, parameters, detail) => {
    const { error, requests } = await errorOf(kept, { parameters });
    expect(error).toMatchObject({ status: 400, detail: expect.stringMatching(detail) });
    expect(error.type).toMatch(/\/expression$/);
    expect(requests).toEqual([]);
  });
});
