/** Redirects: which are followed, with what, and how often. */
import { describe, expect, it, vi } from 'vitest';
import { failureOf, send, serve, text } from './kit.ts';
import type { LocalServer } from './local-server.ts';

describe('redirects', () => {
  const redirecting = (status: number, location: string) =>
    serve((incoming, response) => {
      if (incoming.url === '/end') response.end('end');
      else response.writeHead(status, { location }).end('gone');
    });

  it('are answers when they are not followed', async () => {
    const server = await redirecting(302, '/end');
    const response = await send({ url: server.origin });
    expect([response.status, response.headers['location'], text(response)]).toEqual([302, '/end', 'gone']);
  });

  it.each([
    [301, 'GET', 'GET', ''],
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [302, 'PUT', 'PUT', 'data'],
    [303, 'POST', 'GET', ''],
    [303, 'DELETE', 'GET', ''],
    [303, 'HEAD', 'HEAD', ''],
    [307, 'POST', 'POST', 'data'],
    [308, 'PATCH', 'PATCH', 'data'],
  ])('%i after %s goes on with %s', async (status, method, nextMethod, nextBody) => {
    const server = await redirecting(status, '/end#there');
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const headers: Record<string, string> = hasBody ? { 'content-type': 'text/plain' } : {};
    const response = await send({
      url: server.origin,
      method,
      headers,
      followRedirects: true,
      ...(hasBody ? { body: 'data' } : {}),
    });
    expect([response.status, response.url]).toEqual([200, `${server.origin}/end#there`]);
    expect(server.seen[1]).toMatchObject({ method: nextMethod, url: '/end', body: nextBody });
    expect('content-type' in (server.seen[1]?.headers ?? {})).toBe(nextBody !== '');
  });

  it.each([[300], [304], [305]])('%i is not followed', async (status) => {
    const server = await redirecting(status, '/end');
    expect((await send({ url: server.origin, followRedirects: true })).status).toBe(status);
  });

  it('without a Location is an answer, with one that is no URL a network failure', async () => {
    const none = await serve((_, response) => response.writeHead(302).end());
    expect((await send({ url: none.origin, followRedirects: true })).status).toBe(302);
    const bad = await redirecting(302, 'http://[');
    expect((await failureOf(send({ url: bad.origin, followRedirects: true }))).kind).toBe('network');
  });

  it('that are refused close the connection, however long their own body is', async () => {
    let closed = false;
    const server = await serve((_, response) => {
      response.on('close', () => (closed = true));
      response.writeHead(302, { location: 'file:///etc/passwd' }).write('begin');
    });
    expect((await failureOf(send({ url: server.origin, followRedirects: true }))).kind).toBe('refused');
    await vi.waitFor(() => expect(closed).toBe(true), { timeout: 5000 });
  });

  it('end after five, loops included', async () => {
    const server = await serve((incoming, response) => {
      const left = Number(incoming.url?.slice(1));
      if (left === 0) response.end('end');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect(text(await send({ url: `${server.origin}/5`, followRedirects: true }))).toBe('end');
    const failure = await failureOf(send({ url: `${server.origin}/6`, followRedirects: true }));
    expect([failure.kind, failure.message]).toEqual([
      'network',
      `127.0.0.1:${server.port} led to more than 5 redirects`,
    ]);
    expect(server.seen).toHaveLength(12);
  });

  it('keep credentials on the same origin and drop them, for good, on another', async () => {
    const other = await serve((incoming, response) => {
      if (incoming.url === '/a') response.writeHead(307, { location: `${origin}/end` }).end();
      else response.end('end');
    });
    const server: LocalServer = await serve((incoming, response) => {
      if (incoming.url === '/same') response.writeHead(307, { location: '/other' }).end();
      else if (incoming.url === '/other') response.writeHead(307, { location: `${other.origin}/a` }).end();
      else response.end('end');
    });
    const { origin } = server;
    const secrets = { authorization: 'Bearer s', cookie: 's=1', 'x-api-key': 's', 'private-token': 's' };
    const harmless = { accept: 'text/plain', 'content-type': 'text/plain', 'vespid-idempotency-key': 'k' };
    const headers = { ...secrets, ...harmless };
    const url = `${origin}/same`;
    expect(text(await send({ method: 'POST', url, headers, body: 'data', followRedirects: true }))).toBe(
      'end',
    );
    expect(server.seen[1]?.headers).toMatchObject(headers);
    for (const seen of [other.seen[0], server.seen[2]]) {
      expect(seen).toMatchObject({ method: 'POST', body: 'data', headers: harmless });
      for (const name of Object.keys(secrets)) expect(seen?.headers).not.toHaveProperty(name);
    }
  });
});
