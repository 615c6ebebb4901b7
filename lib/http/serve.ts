/** The HTTP server of the API process. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { notFound } from '../errors.ts';
import type { App } from './app.ts';
import { answerBrokenRequests, refuseWithoutHost } from './broken-request.ts';
import type { Overload } from './overload.ts';
import { problemResponse, toApiError } from './problem.ts';

export interface ConnectionLimits {
  /** A client has so long to send its headers, and its whole request, ms: slow ones do not pile up. */
  headersTimeout: number;
  requestTimeout: number;
  /** How often node looks for connections over those limits, ms. */
  connectionsCheckingInterval: number;
  /** After an answer, a connection is kept so long for the next request, ms. */
  keepAliveTimeout: number;
}

const LIMITS: ConnectionLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5000,
  // Longer than the 60 s after which usual load balancers drop an idle connection, so that they do it first.
  keepAliveTimeout: 65_000,
};
/** The host of every request's URL, which the routes do not look at. */
const ANY_HOST = 'localhost';
/** While stopping, connections that have become idle are closed so often, ms. */
const CLOSE_IDLE_EVERY_MS = 50;

export interface ApiServer {
  /** The port it listens on, also when 0 was asked for. */
  port: number;
  /** Stops accepting, waits at most `graceMs` for requests in flight, cuts the rest off. */
  stop(graceMs: number): Promise<void>;
}

/** An answer for what never becomes a request of the application: a target that is no URL. */
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
 * @param options.overload is asked before anything else of a request is done
 * @param limits those that differ from the usual ones
 * @throws node's error when it cannot listen, for example with code EADDRINUSE
 */
export async function openServer(
  app: App,
  options: { host: string; port: number; overload?: Pick<Overload, 'refuseEarly'> },
  limits: Partial<ConnectionLimits> = {},
): Promise<ApiServer> {
  const answer = getRequestListener(app.fetch, { errorHandler: answerUnroutable });
  const server = createServer({ ...LIMITS, ...limits, requireHostHeader: false });
  answerBrokenRequests(server);
  server.on('request', (incoming, outgoing) => {
    if (refuseWithoutHost(incoming, outgoing)) return;
    if (options.overload?.refuseEarly(incoming, outgoing)) return;
    // HTTP/1.0 has none, and one that is no host name would make no URL; the header that handlers see stays.
    incoming.headers.host = ANY_HOST;
    void answer(incoming, outgoing);
  });
  // An expectation that nobody knows may be ignored (RFC 9110, section 10.1.1); node's own 417 has no problem document.
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing));
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
