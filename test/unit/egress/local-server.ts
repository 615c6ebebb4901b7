/** An HTTP server of the test's own on a free loopback port. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LocalServer {
  port: number;
  /** `http://127.0.0.1:<port>`, or with the address it listens on. */
  origin: string;
  /** Requests that reached it, in order. */
  seen: { method: string; url: string; headers: Record<string, string>; body: string }[];
  close(): Promise<void>;
}

/** Starts a server on `address`; `handle` answers after the whole request has been read. */
export async function startServer(handle: RequestListener, address = '127.0.0.1'): Promise<LocalServer> {
  const seen: LocalServer['seen'] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers, body });
      handle(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  // A TCP server's address is never a path.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://${address}:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
