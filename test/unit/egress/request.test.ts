/** What is sent, and what comes back. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { failureOf, open, send, serve, serveBytes, text } from './kit.ts';

describe('a request', () => {
  it('arrives as it was given, with the defaults of the client', async () => {
    const server = await serve((_, response) => response.end('ok'));
    const url = `${server.origin}/a%20b?x=1&y=ü#fragment`;
    const response = await send({ method: 'POST', url, headers: { 'X-Test': 'é ' }, body: 'hällo' });
    expect([response.status, text(response), response.url]).toEqual([
      200,
      'ok',
      `${server.origin}/a%20b?x=1&y=%C3%BC#fragment`,
    ]);
    expect(server.seen).toEqual([
      {
        method: 'POST',
        url: '/a%20b?x=1&y=%C3%BC',
        body: 'hällo',
        headers: expect.objectContaining({
          host: `127.0.0.1:${server.port}`,
          'user-agent': 'vespid-test',
          accept: '*/*',
          'accept-encoding': 'gzip, deflate, br',
          'x-test': 'é',
          'content-length': '6',
        }),
      },
    ]);
  });

  it('lets the workflow set user-agent and accept, and sends bytes', async () => {
    const server = await serve((_, response) => response.end());
    const headers = { 'User-Agent': 'mine', Accept: 'text/csv' };
    await send({ method: 'PUT', url: server.origin, headers, body: new Uint8Array([0x41, 0x42]) });
    expect(server.seen[0]).toMatchObject({
      body: 'AB',
      headers: { 'user-agent': 'mine', accept: 'text/csv' },
    });
  });

  it.each([
    'Host',
    'connection',
    'Content-Length',
    'transfer-encoding',
    'Upgrade',
    'TE',
    'Trailer',
    'Keep-Alive',
    'Expect',
    'Proxy-Authorization',
    'proxy-connection',
  ])('may not set the header %s', async (name) => {
    const failure = await failureOf(send({ url: 'http://127.0.0.1:1/', headers: { [name]: '1' } }));
    expect([failure.kind, failure.message]).toEqual([
      'invalid',
      `the header "${name.toLowerCase()}" may not be set; the client sets it`,
    ]);
  });

  it.each([
    ['a line break', { 'x-a': 'secret\r\nx-injected: 1' }],
    ['a bare line feed', { 'x-a': 'secret\nx' }],
    ['NUL', { 'x-a': 'secret\u0000' }],
    ['a character outside Latin-1', { 'x-a': 'secret €' }],
    ['a lone surrogate', { 'x-a': 'secret \ud800' }],
    ['a line break in the name', { 'x-a\r\nx-b': 'secret' }],
    ['a space in the name', { 'x a': 'secret' }],
    ['an empty name', { '': 'secret' }],
    ['the same name twice', { 'x-a': 'secret', 'X-A': 'secret' }],
    ['too much', { 'x-a': 'secret'.repeat(10_000) }],
  ])('headers with %s are invalid, and the value is not repeated', async (_, headers) => {
    const server = await serve((_, response) => response.end());
    const failure = await failureOf(send({ url: server.origin, headers }));
    expect(failure.kind).toBe('invalid');
    expect(failure.message).not.toContain('secret');
    expect(server.seen).toEqual([]);
  });

  it.each(['CONNECT', 'TRACE', 'track', '', 'GET /x', 'GE\r\nT'])(
    'the method %j is invalid',
    async (method) => {
      expect((await failureOf(send({ method, url: 'http://127.0.0.1:1/' }))).kind).toBe('invalid');
    },
  );
});

describe('an answer', () => {
  it('has its headers in lower case, repeated ones joined, whatever their names', async () => {
    const url = await serveBytes(
      'HTTP/1.1 418 Teapot\r\nX-A: 1\r\nx-a: 2\r\nconstructor: c\r\n__proto__: p\r\nContent-Length: 0\r\n\r\n',
    );
    const { status, headers } = await send({ url });
    expect(status).toBe(418);
    expect(Object.entries(headers)).toEqual([
      ['x-a', '1, 2'],
      ['constructor', 'c'],
      ['__proto__', 'p'],
      ['content-length', '0'],
    ]);
  });

  it.each([
    ['gzip', gzipSync('plain')],
    ['x-gzip', gzipSync('plain')],
    ['deflate', deflateSync('plain')],
    ['deflate', deflateRawSync('plain')],
    ['br', brotliCompressSync('plain')],
  ])('in %s is decoded', async (encoding, content) => {
    const server = await serve((_, response) =>
      response.setHeader('content-encoding', encoding).end(content),
    );
    const response = await send({ url: server.origin });
    expect(text(response)).toBe('plain');
    expect(response.headers).not.toHaveProperty('content-encoding');
    expect(response.headers).not.toHaveProperty('content-length');
  });

  it('in identity is what it is', async () => {
    const server = await serve((_, response) =>
      response.setHeader('content-encoding', 'identity').end('plain'),
    );
    expect(text(await send({ url: server.origin }))).toBe('plain');
  });

  it('without content may still name a coding', async () => {
    const server = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(),
    );
    expect((await send({ method: 'HEAD', url: server.origin })).body).toHaveLength(0);
  });

  it.each([
    ['not what its coding says', 'gzip', Buffer.from('plain')],
    ['cut off', 'gzip', gzipSync('plain'.repeat(100)).subarray(0, 20)],
    ['in two codings', 'gzip, gzip', gzipSync(gzipSync('plain'))],
    ['in a coding that was not asked for', 'zstd', Buffer.from('plain')],
  ])('%s is a network failure', async (_, encoding, content) => {
    const server = await serve((_, response) =>
      response.setHeader('content-encoding', encoding).end(content),
    );
    expect((await failureOf(send({ url: server.origin }))).kind).toBe('network');
  });

  it.each([
    ['not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'did not answer with valid HTTP'],
    ['broken in its headers', 'HTTP/1.1 200 OK\r\nX-Ü: 1\r\n\r\n', 'did not answer with valid HTTP'],
    ['shorter than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'closed the connection'],
    ['nothing', '', 'closed the connection'],
  ])('that is %s is a network failure', async (_, bytes, message) => {
    const failure = await failureOf(send({ url: await serveBytes(bytes) }));
    expect([failure.kind, failure.message]).toEqual(['network', expect.stringContaining(message)]);
  });

  it('from a port where nobody listens is a network failure that names the host only', async () => {
    const failure = await failureOf(send({ url: 'http://127.0.0.1:1/path?token=abc' }));
    expect([failure.kind, failure.message]).toEqual(['network', '127.0.0.1:1 refused the connection']);
  });

  it('over TLS needs TLS', async () => {
    const server = await serve((_, response) => response.end());
    const failure = await failureOf(send({ url: server.origin.replace('http:', 'https:') }));
    expect([failure.kind, failure.message]).toEqual([
      'network',
      expect.stringMatching(/^TLS with 127\.0\.0\.1/),
    ]);
  });
});

describe('connections', () => {
  it('are kept and used again', async () => {
    const ports = new Set<number | undefined>();
    const server = await serve((incoming, response) => {
      ports.add(incoming.socket.remotePort);
      response.end('ok');
    });
    const egress = open();
    for (let count = 0; count < 5; count += 1) await send({ url: server.origin }, { egress });
    expect(ports.size).toBeLessThan(5);
  });

  it('are ended by close, with what is under way', async () => {
    const egress = open();
    const server = await serve(() => void egress.close());
    expect((await failureOf(send({ url: server.origin }, { egress }))).kind).toBe('network');
  });
});
