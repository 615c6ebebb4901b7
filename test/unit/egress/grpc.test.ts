/** gRPC goes out through the same guard as HTTP: checked addresses only, bounded, and nothing left behind. */
import { status } from '@grpc/grpc-js';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import type { Resolve } from '../../../lib/egress/connector.ts';
import { type Egress, openEgress } from '../../../lib/egress/index.ts';
import { GrpcFailure, type GrpcRequest, type GrpcResponse } from '../../../lib/engine/types.ts';
import { SELF_SIGNED } from './certificate.ts';
import { answer, failWith, serveGrpc } from './grpc-server.ts';
import { closeLater, failureOf, MAX_BYTES, open, serve } from './kit.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = ({ messages }: GrpcResponse): string[] =>
  messages.map((message) => Buffer.from(message).toString());
const resolveTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

function call(
  request: Partial<GrpcRequest> & { port: number },
  { egress = open(), signal = AbortSignal.timeout(5000) }: { egress?: Egress; signal?: AbortSignal } = {},
): Promise<GrpcResponse> {
  const defaults = {
    host: '127.0.0.1',
    tls: 'unless_allowed',
    path: '/test.Echo/Call',
    metadata: {},
    messages: [],
  } as const;
  return egress.grpc({ ...defaults, messages: [bytes('ping')], ...request }, signal);
}

async function grpcFailureOf(promise: Promise<unknown>): Promise<GrpcFailure> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GrpcFailure)) throw new Error(`no GrpcFailure: ${String(error)}`, { cause: error });
  return error;
}

/** A server that takes connections and says nothing; resolves once one that it has was closed. */
async function serveSilence(): Promise<{ port: number; taken: Promise<Socket>; closed: Promise<void> }> {
  const server = createServer();
  const taken = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const closed = taken.then(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.on('error', () => undefined);
        socket.resume().once('close', () => resolve());
      }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => new Promise((resolve) => server.close(() => resolve())));
  // A TCP server's address is never a path.
  return { port: (server.address() as AddressInfo).port, taken, closed };
}

describe('a gRPC call', () => {
  it('sends its messages and metadata and gives every message of the answer in order', async () => {
    const server = await serveGrpc((stream, messages) => {
      for (const message of messages) stream.write(Buffer.concat([bytes('re: '), message]));
      stream.end();
    });
    const metadata = { authorization: 'Bearer t', 'vespid-idempotency-key': 'run/do/0/x' };
    const response = await call({
      port: server.port,
      metadata,
      messages: [bytes('a'), bytes(''), bytes('b')],
    });
    expect(texts(response)).toEqual(['re: a', 're: ', 're: b']);
    const [seen] = server.seen;
    expect(seen?.metadata.get('authorization')).toEqual(['Bearer t']);
    expect(seen?.metadata.get('vespid-idempotency-key')).toEqual(['run/do/0/x']);
    expect(String(seen?.metadata.get('user-agent')[0])).toMatch(/^vespid-test /);
  });

  it('fails with the status of the server and its message', async () => {
    const server = await serveGrpc((stream) => failWith(stream, status.NOT_FOUND, 'no such pet: é'));
    const failure = await grpcFailureOf(call({ port: server.port }));
    expect([failure.code, failure.message]).toEqual([status.NOT_FOUND, 'no such pet: é']);
  });

  it('keeps UNAVAILABLE of a server apart from a connection that fails', async () => {
    const server = await serveGrpc((stream) => failWith(stream, status.UNAVAILABLE, 'later'));
    expect((await grpcFailureOf(call({ port: server.port }))).code).toBe(status.UNAVAILABLE);
  });

  it('may have as many calls at once as it likes, without a warning', async () => {
    const warnings: unknown[] = [];
    const warn = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', warn);
    closeLater(async () => void process.off('warning', warn));
    const server = await serveGrpc((stream) => answer(stream, bytes('pong')));
    const egress = open();
    const calls = Array.from({ length: 15 }, () => call({ port: server.port }, { egress }));
    expect((await Promise.all(calls)).flatMap(texts)).toEqual(Array(15).fill('pong'));
    expect(warnings).toEqual([]);
  });
});

describe('the guard', () => {
  it.each(['127.0.0.1', '2130706433', '127.1', '::1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254'])(
    'refuses the address %s before anything is sent',
    async (host) => {
      const failure = await failureOf(call({ host, port: 443 }, { egress: open({ allow: [] }) }));
      expect([failure.kind, failure.message]).toEqual([
        'refused',
        expect.stringContaining('is not a public address'),
      ]);
    },
  );

  it('refuses a name when one of its addresses is not public, without telling it', async () => {
    const egress = open({ allow: [], resolve: resolveTo('93.184.216.34', '10.0.0.1') });
    const failure = await failureOf(call({ host: 'mixed.example.org', port: 443 }, { egress }));
    expect(failure.kind).toBe('refused');
    expect(failure.message).not.toContain('10.0.0.1');
  });

  it('connects to the address that was checked: one look-up for each call', async () => {
    const server = await serveGrpc((stream) => answer(stream, bytes('good')));
    const resolve = vi.fn<Resolve>(resolveTo('127.0.0.1'));
    const egress = open({ resolve });
    expect(texts(await call({ host: 'pets.example.org', port: server.port }, { egress }))).toEqual(['good']);
    expect(resolve).toHaveBeenCalledTimes(1);
  });

  it('refuses the ports of other protocols', async () => {
    const failure = await failureOf(call({ host: 'example.org', port: 25 }));
    expect([failure.kind, failure.message]).toEqual(['refused', expect.stringContaining('port 25')]);
  });

  it.each([
    [{ host: 'http://example.org' }],
    [{ host: 'example.org:1' }],
    [{ host: 'a@example.org' }],
    [{ host: '' }],
    [{ host: 'fe80::1%eth0' }],
    [{ port: 0 }],
    [{ port: 65_536 }],
    [{ path: '/a/b/c' }],
    [{ path: '/a b/c' }],
    [{ metadata: { authorization: 'line\nbreak' } }],
  ])('takes %j for invalid', async (request) => {
    const failure = await failureOf(call({ port: 443, ...request }));
    expect(failure.kind).toBe('invalid');
    expect(failure.message).not.toContain('line');
  });

  it('takes no proxy from the environment', async () => {
    const proxy = await serve((_, response) => response.end());
    const server = await serveGrpc((stream) => answer(stream, bytes('direct')));
    vi.stubEnv('grpc_proxy', proxy.origin);
    vi.stubEnv('http_proxy', proxy.origin);
    try {
      expect(texts(await call({ port: server.port }))).toEqual(['direct']);
      expect(proxy.seen).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('TLS', () => {
  async function serveTls(): Promise<{ port: number; names: string[] }> {
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
    return { port: (server.address() as AddressInfo).port, names };
  }

  it('is asked for with the name, and the certificate is verified', async () => {
    const { port, names } = await serveTls();
    const egress = open({ allow: ['api.internal'], resolve: resolveTo('127.0.0.1') });
    const failure = await failureOf(call({ host: 'api.internal', port, tls: 'always' }, { egress }));
    expect([failure.kind, failure.message]).toEqual([
      'network',
      `TLS with api.internal:${port} failed (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    ]);
    expect(names).toEqual(['api.internal']);
  });

  it('is given up for a host that the operator allows, by name or by address', async () => {
    const server = await serveGrpc((stream) => answer(stream, bytes('plain')));
    const resolve = resolveTo('127.0.0.1');
    for (const allow of [['api.internal'], ['127.0.0.0/8']]) {
      const egress = open({ allow, resolve });
      expect(texts(await call({ host: 'api.internal', port: server.port }, { egress }))).toEqual(['plain']);
    }
  });

  it('is not spoken by a server in plaintext: the failure says so', async () => {
    const server = await serveGrpc((stream) => stream.end());
    const failure = await failureOf(call({ port: server.port, tls: 'always' }));
    expect(failure.kind).toBe('network');
    expect(failure.message).toContain(`127.0.0.1:${server.port}`);
    expect(server.seen).toEqual([]);
  });
});

describe('bounds', () => {
  it('one message that is too large ends the call with RESOURCE_EXHAUSTED', async () => {
    const server = await serveGrpc((stream) => answer(stream, Buffer.alloc(MAX_BYTES + 1)));
    expect((await grpcFailureOf(call({ port: server.port }))).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it.each([
    ['together', 3, MAX_BYTES / 2],
    ['although they are empty', 100_000, 0],
  ])('messages that are too many %s end the call', async (_, count, length) => {
    const server = await serveGrpc((stream) => {
      for (let index = 0; index < count; index += 1) stream.write(Buffer.alloc(length));
      stream.end();
    });
    const failure = await failureOf(call({ port: server.port }));
    expect([failure.kind, failure.message]).toEqual([
      'too_large',
      `the answer of 127.0.0.1:${server.port} is larger than ${MAX_BYTES} bytes`,
    ]);
  });

  it('a message of just the size is taken', async () => {
    const server = await serveGrpc((stream) => answer(stream, Buffer.alloc(MAX_BYTES)));
    expect((await call({ port: server.port })).messages[0]?.byteLength).toBe(MAX_BYTES);
  });

  it('an abort ends the call at once with its reason, and the server is told', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    let told: () => void = () => undefined;
    const cancelled = new Promise<void>((resolve) => (told = resolve));
    const { port } = await serveGrpc((stream) => {
      stream.on('cancelled', told);
      controller.abort(reason);
    });
    await expect(call({ port }, { signal: controller.signal })).rejects.toBe(reason);
    await cancelled;
  });

  it('a deadline that passes is a timeout', async () => {
    const server = await serveGrpc(() => undefined);
    const failure = await failureOf(call({ port: server.port }, { signal: AbortSignal.timeout(50) }));
    expect([failure.kind, failure.message]).toEqual(['timeout', '127.0.0.1 did not answer in time']);
  });

  it.each(['always', 'unless_allowed'] as const)(
    'a server that never speaks (tls: %s) keeps no connection after the abort',
    async (tls) => {
      const silence = await serveSilence();
      const controller = new AbortController();
      const failed = call({ port: silence.port, tls }, { signal: controller.signal });
      await silence.taken;
      controller.abort(new Error('enough'));
      await expect(failed).rejects.toThrow('enough');
      await silence.closed;
    },
  );

  it('close() ends what is under way', async () => {
    const egress = openEgress({ allow: ['127.0.0.1'], maxResponseBytes: 1000, userAgent: 'x' });
    const silence = await serveSilence();
    const failed = failureOf(call({ port: silence.port }, { egress }));
    await silence.taken;
    await egress.close();
    expect((await failed).kind).toBe('network');
    await silence.closed;
  });
});

describe('no answer', () => {
  it('nobody listens: network, without the address that was resolved', async () => {
    const silence = await serveSilence();
    const egress = open({ allow: ['gone.example.org'], resolve: resolveTo('127.0.0.9') });
    const failure = await failureOf(call({ host: 'gone.example.org', port: silence.port }, { egress }));
    expect(failure.kind).toBe('network');
    expect(failure.message).not.toContain('127.0.0.9');
  });

  it('a name that is not found', async () => {
    const failure = await failureOf(call({ host: 'missing.example.org', port: 443 }));
    expect([failure.kind, failure.message]).toEqual([
      'network',
      'the name of missing.example.org:443 was not found',
    ]);
  });

  it('a server of HTTP/1.1', async () => {
    const server = await serve((_, response) => response.end('hello'));
    expect((await failureOf(call({ port: server.port }))).kind).toBe('network');
  });

  it('a connection that is cut during the call', async () => {
    const server = await serveGrpc((stream) => stream.write(bytes('begun')));
    const proxy = createServer((inbound) => {
      const outbound = connect(server.port, '127.0.0.1');
      outbound.on('error', () => undefined).on('data', () => server.seen.length > 0 && inbound.destroy());
      inbound.on('error', () => undefined).on('close', () => outbound.destroy());
      inbound.pipe(outbound).pipe(inbound);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closeLater(() => new Promise((resolve) => proxy.close(() => resolve())));
    // A TCP server's address is never a path.
    const { port } = proxy.address() as AddressInfo;
    const failure = await failureOf(call({ port }));
    expect([failure.kind, failure.message]).toEqual([
      'network',
      `127.0.0.1:${port} closed the connection before the answer was complete`,
    ]);
  });
});
