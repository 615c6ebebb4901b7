/** No outbound connection reaches what is not public, whatever the name, the redirect or the DNS answer says. */
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import type { HttpResponse } from '../../../lib/engine/types.ts';
import type { ResolvedAddress, Resolve } from '../../../lib/egress/connector.ts';
import { type Egress, openEgress } from '../../../lib/egress/index.ts';
import { SELF_SIGNED } from './certificate.ts';
import { closeLater, failureOf, open, send, serve } from './kit.ts';

const NO_LOOKUP = () => Promise.reject(new Error('this test must not resolve a name'));
const guarded = (allow: string[], resolve: Resolve = NO_LOOKUP): Egress => open({ allow, resolve });
const get = (egress: Egress, url: string, followRedirects = false): Promise<HttpResponse> =>
  send({ url, followRedirects }, { egress });
const answers =
  (...addresses: string[]) =>
  (): Promise<ResolvedAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

describe('addresses written in the URL', () => {
  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://0/',
    'http://10.0.0.1:8080/',
    'http://169.254.169.254/latest/meta-data/',
    'https://192.168.0.1/',
    'http://１２７.０.０.１/',
  ])('%s is refused before anything is sent', async (url) => {
    const failure = await failureOf(get(guarded([]), url));
    expect(failure.kind).toBe('refused');
    expect(failure.message).toContain('is not a public address');
  });

  it('says the host and never the path or query', async () => {
    const failure = await failureOf(get(guarded([]), 'http://10.0.0.1/secret-path?token=abc'));
    expect(failure.message).toContain('10.0.0.1');
    expect(failure.message).not.toMatch(/secret-path|token|abc/);
  });

  it('is reached when the allow list has it, by every spelling', async () => {
    const server = await serve((_, response) => response.end('hi'));
    const egress = guarded(['127.0.0.0/8']);
    for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]']) {
      expect((await get(egress, `http://${host}:${server.port}/`)).status).toBe(200);
    }
    expect(server.seen).toHaveLength(3);
  });
});

describe('names', () => {
  it.each(['localhost', 'localhost.', 'LOCALHOST', 'rebind.example.org'])(
    '%s is refused when it resolves to loopback, without telling the address',
    async (host) => {
      const failure = await failureOf(get(guarded([], answers('127.0.0.1')), `http://${host}/`));
      expect(failure.kind).toBe('refused');
      expect(failure.message).toContain('resolves to an address that is not public');
      expect(failure.message).not.toContain('127.0.0.1');
    },
  );

  it.each([
    [['93.184.216.34', '10.0.0.1']],
    [['2606:4700::1', 'fd00::1']],
    [['fe80::1%eth0']],
    [['not an address']],
  ])('one address that is not public refuses all: %j', async (addresses) => {
    const failure = await failureOf(get(guarded([], answers(...addresses)), 'http://mixed.example.org/'));
    expect(failure.kind).toBe('refused');
  });

  it('an allowed host may resolve to a private address, and only that host', async () => {
    const server = await serve((_, response) => response.end());
    const egress = guarded(['api.internal'], answers('127.0.0.1'));
    expect((await get(egress, `http://api.internal:${server.port}/`)).status).toBe(200);
    expect((await failureOf(get(egress, `http://other.internal:${server.port}/`))).kind).toBe('refused');
    expect(server.seen.map(({ headers }) => headers['host'])).toEqual([`api.internal:${server.port}`]);
  });

  it('a name without an address, or that is not found, is a network failure', async () => {
    const none = await failureOf(get(guarded([], answers()), 'http://none.example.org/'));
    expect([none.kind, none.message]).toEqual(['network', 'the host none.example.org has no address']);
    const notFound = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
    const missing = await failureOf(get(guarded([], notFound), 'http://missing.example.org/'));
    expect([missing.kind, missing.message]).toEqual([
      'network',
      'the name of missing.example.org was not found',
    ]);
  });

  it('the system resolver is used and guarded by default', async () => {
    const egress = openEgress({ allow: [], maxResponseBytes: 1000, userAgent: 'vespid-test' });
    closeLater(() => egress.close());
    expect((await failureOf(get(egress, 'http://localhost/'))).kind).toBe('refused');
  });
});

describe('DNS rebinding', () => {
  it('connects to the address that was checked: one look-up for each connection', async () => {
    const good = await serve((_, response) => response.setHeader('connection', 'close').end('good'));
    let evilConnections = 0;
    const evil = createTcpServer((socket) => {
      evilConnections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => evil.listen(good.port, '127.0.0.2', resolve));
    closeLater(() => new Promise((resolve) => evil.close(() => resolve())));
    // A TCP server's address is never a path.
    const evilAddress = evil.address() as AddressInfo;
    expect(evilAddress.port).toBe(good.port);

    const queue = ['127.0.0.1', '127.0.0.2', '127.0.0.2'];
    const resolve = vi.fn<Resolve>(() => answers(queue.shift() ?? '127.0.0.2')());
    const egress = guarded(['127.0.0.1'], resolve);
    const url = `http://rebind.example.org:${good.port}/`;
    expect(Buffer.from((await get(egress, url)).body).toString()).toBe('good');
    expect(resolve).toHaveBeenCalledTimes(1);
    expect((await failureOf(get(egress, url))).kind).toBe('refused');
    expect(evilConnections).toBe(0);
  });
});

describe('TLS', () => {
  it('asks for the name in the URL and verifies the certificate', async () => {
    const names: string[] = [];
    const server = createTlsServer({
      ...SELF_SIGNED,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closeLater(() => new Promise((resolve) => server.close(() => resolve())));
    // A TCP server's address is never a path.
    const { port } = server.address() as AddressInfo;
    const egress = guarded(['api.internal'], answers('127.0.0.1'));
    const failure = await failureOf(get(egress, `https://api.internal:${port}/`));
    expect(names).toEqual(['api.internal']);
    expect([failure.kind, failure.message]).toEqual([
      'network',
      `TLS with api.internal:${port} failed (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    ]);
  });
});

describe('redirects', () => {
  it.each([
    ['http://10.0.0.1/', 'is not a public address'],
    ['http://metadata.example.org/', 'resolves to an address that is not public'],
    ['file:///etc/passwd', 'the scheme "file:" is not supported'],
    ['http://user:secret@127.0.0.1/', 'holds a user name or password'],
  ])('to %s is refused', async (location, message) => {
    const server = await serve((_, response) => response.writeHead(302, { location }).end());
    const failure = await failureOf(
      get(guarded(['127.0.0.1'], answers('169.254.169.254')), server.origin, true),
    );
    expect(failure.kind).toBe('refused');
    expect(failure.message).toContain(message);
    expect(failure.message).not.toContain('secret');
  });
});

describe('other ways out', () => {
  it.each(['ftp://example.org/', 'file:///etc/passwd', 'gopher://x/', 'data:,x', 'ws://example.org/'])(
    'the scheme of %s is refused',
    async (url) => {
      const failure = await failureOf(get(guarded([]), url));
      expect([failure.kind, failure.message]).toEqual([
        'invalid',
        expect.stringContaining('is not supported'),
      ]);
    },
  );

  it('a user name in the URL is refused with a hint, and not repeated', async () => {
    const failure = await failureOf(get(guarded([]), 'http://joe:hunter2@example.org/'));
    expect(failure.kind).toBe('invalid');
    expect(failure.message).toContain('send an authorization header instead');
    expect(failure.message).not.toMatch(/joe|hunter2/);
  });

  it('ports of mail and other protocols are refused', async () => {
    const failure = await failureOf(get(guarded([]), 'http://example.org:25/'));
    expect([failure.kind, failure.message]).toEqual(['refused', expect.stringContaining('port 25')]);
  });

  it.each(['', 'not a url', '/relative', 'http://', `http://example.org/${'a'.repeat(20_000)}`])(
    'what is not a URL is invalid',
    async (url) => {
      expect((await failureOf(get(guarded([]), url))).kind).toBe('invalid');
    },
  );

  it('no proxy of the environment is used', async () => {
    const proxy = await serve((_, response) => response.end('proxy'));
    const server = await serve((_, response) => response.end('direct'));
    vi.stubEnv('HTTP_PROXY', proxy.origin);
    vi.stubEnv('http_proxy', proxy.origin);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    try {
      const response = await get(guarded(['127.0.0.1']), server.origin);
      expect(Buffer.from(response.body).toString()).toBe('direct');
      expect(proxy.seen).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('an allow list with a bad entry does not open', () => {
    expect(() => openEgress({ allow: ['10.1.2.3/8'], maxResponseBytes: 1, userAgent: 'x' })).toThrow(
      TypeError,
    );
  });
});
