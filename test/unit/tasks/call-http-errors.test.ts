/** `call: http`: which error each failure becomes. */
import { describe, expect, it } from 'vitest';
import { MAX_BYTES, open, serve } from '../egress/kit.ts';
import { answering, call, failureOf, outputOf } from './call-http-run.ts';

describe('redirect', () => {
  it('false: 3xx is an error; true: it is followed, and what cannot be followed is a result', async () => {
    const server = await serve((incoming, response) => {
      if (incoming.url === '/end') response.setHeader('content-type', 'text/plain').end('end');
      else if (incoming.url === '/304') response.writeHead(304).end();
      else response.writeHead(302, { location: '/end' }).end();
    });
    const get = (path: string, redirect: boolean) =>
      call({ method: 'get', endpoint: server.origin + path, redirect });
    expect(await failureOf(get('/', false))).toMatchObject({
      type: 'communication',
      status: 302,
      retryable: false,
    });
    expect(await outputOf(get('/', true))).toBe('end');
    expect(await outputOf(get('/304', true))).toBeNull();
    expect(await failureOf(get('/304', false))).toMatchObject({ status: 304 });
  });
});

describe('errors', () => {
  it.each<[number, string, boolean]>([
    [400, 'communication', false],
    [401, 'authentication', false],
    [403, 'authorization', false],
    [404, 'communication', false],
    [408, 'communication', true],
    [409, 'communication', false],
    [425, 'communication', true],
    [429, 'communication', true],
    [500, 'communication', true],
    [503, 'communication', true],
  ])('status %i is %s, retryable: %s', async (status, type, retryable) => {
    const server = await answering('application/json', '{"secret":1}', status);
    expect(await failureOf(call({ method: 'get', endpoint: `${server.origin}/path?token=1` }))).toEqual({
      type,
      status,
      title: `GET 127.0.0.1:${server.port} answered ${status}`,
      detail: `GET 127.0.0.1:${server.port} answered ${status}, and 2xx was expected.`,
      instance: '/do/0/call',
      retryable,
    });
  });

  it('a network failure is communication 500 and retryable', async () => {
    const refused = await failureOf(call({ method: 'get', endpoint: 'http://127.0.0.1:1/path?token=1' }));
    expect(refused).toEqual({
      type: 'communication',
      status: 500,
      title: 'Communication error',
      detail: 'GET 127.0.0.1:1 failed: 127.0.0.1:1 refused the connection.',
      instance: '/do/0/call',
      retryable: true,
    });
    const unknown = await failureOf(call({ method: 'get', endpoint: 'http://missing.example.org/' }));
    expect(unknown).toMatchObject({ type: 'communication', status: 500, retryable: true });
  });

  it('what the egress guard refuses is authorization 403 and not retryable', async () => {
    const failure = await failureOf(
      call({ method: 'get', endpoint: 'http://169.254.169.254/latest' }, { egress: open({ allow: [] }) }),
    );
    expect(failure).toMatchObject({ type: 'authorization', status: 403, retryable: false });
    expect(failure.detail).toBe(
      'GET 169.254.169.254 failed: the host 169.254.169.254 is not a public address; calls to it are not allowed.',
    );
  });

  it('no answer within the call timeout is timeout 408 and retryable', async () => {
    const server = await serve(() => undefined);
    expect(await failureOf(call({ method: 'get', endpoint: server.origin }, { callTimeoutMs: 50 }))).toEqual({
      type: 'timeout',
      status: 408,
      title: 'Timeout',
      detail: `GET 127.0.0.1:${server.port} gave no answer within 50 ms.`,
      instance: '/do/0/call',
      retryable: true,
    });
  });

  it('an interruption ends the call and is no error', async () => {
    const controller = new AbortController();
    const server = await serve(() => controller.abort());
    const outcome = await call({ method: 'get', endpoint: server.origin }, { signal: controller.signal });
    expect(outcome).toEqual({ kind: 'interrupted', reason: 'cancelled' });
  });

  it('an answer over the size limit is a runtime error that says so', async () => {
    const server = await answering('text/plain', 'x'.repeat(MAX_BYTES + 1));
    expect(await failureOf(call({ method: 'get', endpoint: server.origin }))).toMatchObject({
      type: 'runtime',
      status: 500,
      detail: expect.stringContaining(`is larger than ${MAX_BYTES} bytes`),
      retryable: false,
    });
  });

  it.each<[string, string | Buffer, string]>([
    ['broken', '{"secret":', 'it is not valid JSON'],
    ['with two values', '1 2', 'it is not valid JSON'],
    ['that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'it is not valid UTF-8'],
    ['nested 10,000 levels', '['.repeat(10_000) + ']'.repeat(10_000), 'it nests deeper than 500 levels'],
    [
      'nested 501 levels in objects',
      `${'{"a":'.repeat(501)}1${'}'.repeat(501)}`,
      'it nests deeper than 500 levels',
    ],
    ['with a number that is none', '[-1e400]', 'a number is out of range'],
  ])('JSON %s is communication 422 and not retryable', async (_, body, problem) => {
    const server = await answering('application/json', body);
    expect(await failureOf(call({ method: 'get', endpoint: server.origin }))).toMatchObject({
      type: 'communication',
      status: 422,
      detail: `The JSON answer of GET 127.0.0.1:${server.port} cannot be read: ${problem}.`,
      retryable: false,
    });
  });

  it('brackets and digits inside JSON strings do not count', async () => {
    const text = JSON.stringify({ a: '[{'.repeat(1000), 'b\\"': `"${'['.repeat(1000)}\\`, c: '" 1e400' });
    const server = await answering('application/json', text);
    expect(JSON.stringify(await outputOf(call({ method: 'get', endpoint: server.origin })))).toBe(text);
  });

  it('a defect of the port is not taken for a failure of the call', async () => {
    const egress = { request: () => Promise.reject(new TypeError('defect')) };
    await expect(call({ method: 'get', endpoint: 'http://127.0.0.1:1/' }, { egress })).rejects.toThrow(
      'defect',
    );
  });
});
