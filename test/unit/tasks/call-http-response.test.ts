/** `call: http`: what comes out. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { RUN_ID } from '../../support/engine-run.ts';
import { serve } from '../egress/kit.ts';
import { answering, call, outputOf } from './call-http-run.ts';

describe('the output', () => {
  const content = async (type: string | null, body: string | Buffer, output?: string): Promise<Json> => {
    const server = await answering(type, body);
    return outputOf(
      call({ method: 'get', endpoint: server.origin, ...(output !== undefined && { output }) }),
    );
  };

  it.each<[string | null, string | Buffer, Json]>([
    ['application/json', '{"a":[1,{"b":null}]}', { a: [1, { b: null }] }],
    ['Application/JSON; charset=utf-8', '\ufeff"x"', 'x'],
    ['application/problem+json', '7', 7],
    ['text/json', 'true', true],
    ['text/plain', 'hällo', 'hällo'],
    ['text/html; charset="iso-8859-1"', Buffer.from('h\xe4', 'latin1'), 'hä'],
    ['text/plain; charset=nonsense', 'ä', 'ä'],
    ['text/plain', Buffer.from([0x61, 0xff, 0x00]), 'a\ufffd\u0000'],
    ['application/xml', '<a/>', '<a/>'],
    ['image/svg+xml', '<svg/>', '<svg/>'],
    ['application/yaml', 'a: 1', 'a: 1'],
    ['application/x-ndjson', '1\n2\n', '1\n2\n'],
    ['application/octet-stream', Buffer.from([0, 255]), 'AP8='],
    ['image/png', Buffer.from([1]), 'AQ=='],
    [null, 'x', 'eA=='],
    ['application/json', '', null],
    ['text/plain', '', null],
    ['image/png', '', null],
  ])('content: %s %j', async (type, body, output) => {
    expect(await content(type, body)).toEqual(output);
  });

  it('keeps NUL, lone surrogates and __proto__ of a JSON answer as values', async () => {
    const text = '{"nul":"a\\u0000b","lone":"\\ud800","__proto__":{"x":1}}';
    expect(JSON.stringify(await content('application/json', text))).toBe(text);
  });

  it('takes JSON nested 500 levels', async () => {
    const text = '['.repeat(500) + ']'.repeat(500);
    expect(JSON.stringify(await content('application/json', text))).toBe(text);
  });

  it('raw is base64, whatever the type', async () => {
    expect(await content('application/json', '{}', 'raw')).toBe('e30=');
    expect(await content('application/json', '', 'raw')).toBe('');
  });

  it('a HEAD answer has no content and is no error', async () => {
    const server = await answering('application/json', '');
    expect(await outputOf(call({ method: 'head', endpoint: server.origin }))).toBeNull();
  });

  it('response tells of the request without its credentials', async () => {
    const server = await serve((_, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'x-a': 'b' }).end('{"id":1}');
    });
    const secrets = {
      Authorization: 'Bearer s',
      cookie: 's',
      'X-Api-Key': 's',
      'private-token': 's',
      'X-Auth': 's',
    };
    const output = await outputOf(
      call(
        {
          method: 'post',
          endpoint: `${server.origin}/{id}`,
          headers: { ...secrets, 'X-Trace': '1' },
          query: { a: '1' },
          body: {},
          output: 'response',
        },
        { input: { id: 'x' } },
      ),
    );
    expect(output).toEqual({
      request: {
        method: 'POST',
        uri: `${server.origin}/x?a=1`,
        headers: {
          'x-trace': '1',
          'content-type': 'application/json',
          'vespid-idempotency-key': `${RUN_ID}/do/0/call`,
        },
      },
      statusCode: 201,
      headers: expect.objectContaining({ 'content-type': 'application/json', 'x-a': 'b' }),
      content: { id: 1 },
    });
    expect(server.seen[0]?.headers).toMatchObject({ authorization: 'Bearer s', 'x-api-key': 's' });
  });
});
