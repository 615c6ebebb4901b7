/** The HTTP server of the API process. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { notFound } from '../errors.ts';
import type { App } from './app.ts';
import { problemResponse, toApiError } from './problem.ts';

/** A client has so long to send its headers, and its whole request, ms: slow ones do not pile up. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often node looks for connections over those limits, ms. */
const CHECK_EVERY_MS = 5000;
/** Longer than the 60 s after which usual load balancers drop an idle connection, so that they do it first. */
const KEEP_ALIVE_MS = 65_000;
/** While stopping, connections that have become idle are closed so often, ms. */
const CLOSE_IDLE_EVERY_MS = 50;

export interface ApiServer {
  /** The port it listens on, also when 0 was asked for. */
  port: number;
  /** Stops accepting, waits at most `graceMs` for requests in flight, cuts the rest off. */
  stop(graceMs: number): Promise<void>;
}

/** An answer for what never becomes a request of the application: a target or a host that is no URL. */
function answerUnroutable(error: unknown): Response {
  const requestId = randomUUID();
  const isBadTarget = error instanceof Error && error.name === 'RequestError';
  const answer = problemResponse(isBadTarget ? notFound() : toApiError(error), requestId);
  answer.headers.set('x-request-id', requestId);
  return answer;
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const closeIdle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
  const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(closeIdle);
  clearTimeout(cutOff);
}

/**
 * Listens.
 * @param options.port 0 picks a free one
 * @throws node's error when it cannot listen, for example with code EADDRINUSE
 */
export async function openServer(app: App, options: { host: string; port: number }): Promise<ApiServer> {
  const answer = getRequestListener(app.fetch, { errorHandler: answerUnroutable });
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (incoming, outgoing) => void answer(incoming, outgoing),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  // Listening on host and port, never on a pipe.
  const { port } = server.address() as AddressInfo;
  return { port, stop: (graceMs) => stop(server, graceMs) };
}
