/** What the egress tests share: servers and clients that are closed after each test. */
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { HttpFailure, type HttpRequest, type HttpResponse } from '../../../lib/engine/types.ts';
import { type Egress, type EgressOptions, openEgress } from '../../../lib/egress/index.ts';
import { type LocalServer, startServer } from './local-server.ts';

export const MAX_BYTES = 100_000;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Closes something after the test. */
export function closeLater(close: () => Promise<void>): void {
  closers.push(close);
}

/** A client that may reach 127.0.0.1 and resolves nothing, unless told otherwise. */
export function open(options: Partial<EgressOptions> = {}): Egress {
  const egress = openEgress({
    allow: ['127.0.0.1'],
    maxResponseBytes: MAX_BYTES,
    userAgent: 'vespid-test',
    resolve: () => Promise.reject(Object.assign(new Error('no DNS in this test'), { code: 'ENOTFOUND' })),
    ...options,
  });
  closeLater(() => egress.close());
  return egress;
}

export async function serve(...args: Parameters<typeof startServer>): Promise<LocalServer> {
  const server = await startServer(...args);
  closeLater(() => server.close());
  return server;
}

/** The URL of a server that answers every connection with these bytes. */
export async function serveBytes(bytes: string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(bytes, 'latin1'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => new Promise((resolve) => server.close(() => resolve())));
  // A TCP server's address is never a path.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Sends a GET, or what `request` makes of it, within 10 s. */
export function send(
  request: Partial<HttpRequest> & { url: string },
  { egress = open(), signal = AbortSignal.timeout(10_000) }: { egress?: Egress; signal?: AbortSignal } = {},
): Promise<HttpResponse> {
  return egress.request({ method: 'GET', headers: {}, followRedirects: false, ...request }, signal);
}

export const text = (response: HttpResponse): string => Buffer.from(response.body).toString();

/** The failure of a request that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<HttpFailure> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HttpFailure)) throw new Error(`no HttpFailure: ${String(error)}`, { cause: error });
  return error;
}
