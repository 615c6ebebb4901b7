/** What bounds an answer: its size, plain and decompressed, its headers, and the caller's signal. */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { failureOf, MAX_BYTES, send, serve, serveBytes } from './kit.ts';

describe('limits', () => {
  it('an answer of exactly the limit is read, one byte more is not', async () => {
    const server = await serve((incoming, response) =>
      response.end(Buffer.alloc(Number(incoming.url?.slice(1)))),
    );
    expect((await send({ url: `${server.origin}/${MAX_BYTES}` })).body).toHaveLength(MAX_BYTES);
    const failure = await failureOf(send({ url: `${server.origin}/${MAX_BYTES + 1}` }));
    expect([failure.kind, failure.message]).toEqual([
      'too_large',
      `the answer of 127.0.0.1:${server.port} is larger than ${MAX_BYTES} bytes`,
    ]);
  });

  it('an answer without a length is stopped while it comes', async () => {
    let stopped = false;
    const server = await serve((_, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more).on('close', () => (stopped = true));
      more();
    });
    expect((await failureOf(send({ url: server.origin }))).kind).toBe('too_large');
    await vi.waitFor(() => expect(stopped).toBe(true), { timeout: 5000 });
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['deflate', deflateSync(Buffer.alloc(50_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
  ])('a %s bomb is stopped', async (encoding, bomb) => {
    const server = await serve((_, response) => response.setHeader('content-encoding', encoding).end(bomb));
    expect(bomb.length).toBeLessThan(MAX_BYTES);
    expect((await failureOf(send({ url: server.origin }))).kind).toBe('too_large');
  });

  it('a HEAD answer may announce any length', async () => {
    const server = await serve((_, response) => response.writeHead(200, { 'content-length': 1e12 }).end());
    expect((await send({ method: 'HEAD', url: server.origin })).status).toBe(200);
  });

  it('headers of up to 32 KiB are read, longer ones are too large', async () => {
    const answer = (length: number) =>
      serveBytes(`HTTP/1.1 200 OK\r\nX-Big: ${'a'.repeat(length)}\r\nContent-Length: 0\r\n\r\n`);
    expect((await send({ url: await answer(30_000) })).status).toBe(200);
    expect((await failureOf(send({ url: await answer(40_000) }))).kind).toBe('too_large');
  });

  it.each([
    ['before the answer begins', false],
    ['within the answer', true],
  ])('a timeout %s ends the request', async (_, headersFirst) => {
    const server = await serve((_, response) => {
      if (headersFirst) response.write('begin');
    });
    const failure = await failureOf(send({ url: server.origin }, { signal: AbortSignal.timeout(50) }));
    expect([failure.kind, failure.message]).toEqual([
      'timeout',
      `127.0.0.1:${server.port} did not answer in time`,
    ]);
  });

  it('any other abort ends it with the reason of the signal, and the connection with it', async () => {
    let closed = false;
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const server = await serve((_, response) => {
      response.on('close', () => (closed = true));
      controller.abort(reason);
    });
    await expect(send({ url: server.origin }, { signal: controller.signal })).rejects.toBe(reason);
    await vi.waitFor(() => expect(closed).toBe(true), { timeout: 5000 });
    await expect(send({ url: server.origin }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.seen).toHaveLength(1);
  });
});
