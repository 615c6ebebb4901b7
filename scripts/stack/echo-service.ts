/** A small HTTP service on this machine for the examples to call. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The port that the examples take when their input names no service. */
export const ECHO_PORT = 8099;

const MAX_BODY_BYTES = 1 << 20;
const MAX_KEYS = 10_000;
const FLAKY_FAILURES = 2;
const SLOW_DEFAULT_MS = 2000;
const SLOW_MAX_MS = 30_000;

interface Answer {
  status: number;
  body: unknown;
}

export interface EchoService {
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Starts it on 127.0.0.1 at `port`, or at any free port when that one is taken. */
export async function startEchoService(port: number = ECHO_PORT): Promise<EchoService> {
  const tries = new Map<string, number>();
  const server = createServer((request, response) => {
    void respond(request, response, tries);
  });
  const taken = await listen(server, port).catch(() => listen(server, 0));
  return {
    url: `http://127.0.0.1:${taken}`,
    port: taken,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject);
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('no address to listen on'));
    });
  });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  tries: Map<string, number>,
): Promise<void> {
  try {
    const { status, body } = await answer(request, tries);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  } catch {
    // The caller went away in the middle of its request.
    response.destroy();
  }
}

async function answer(request: IncomingMessage, tries: Map<string, number>): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /hello':
      return { status: 200, body: { message: `Hello, ${url.searchParams.get('name') ?? 'world'}!` } };
    case 'GET /flaky':
      return flaky(url.searchParams.get('key') ?? '', tries);
    case 'POST /orders':
      return takeOrder(request);
    case 'GET /slow': {
      const waitMs = Number(url.searchParams.get('ms') ?? SLOW_DEFAULT_MS);
      await sleep(Math.min(SLOW_MAX_MS, Math.max(0, waitMs || 0)));
      return { status: 200, body: { waitedMs: waitMs } };
    }
    default:
      return { status: 404, body: { error: 'there is no such route' } };
  }
}

/** Fails twice for each key, then works. */
function flaky(key: string, tries: Map<string, number>): Answer {
  const count = (tries.get(key) ?? 0) + 1;
  if (tries.size >= MAX_KEYS) tries.clear();
  tries.set(key, count);
  if (count <= FLAKY_FAILURES) return { status: 503, body: { error: 'busy, try again', try: count } };
  return { status: 200, body: { key, try: count } };
}

async function takeOrder(request: IncomingMessage): Promise<Answer> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) return { status: 413, body: { error: 'the order is too large' } };
  }
  try {
    const order: unknown = JSON.parse(text);
    return { status: 201, body: { id: randomUUID(), order } };
  } catch {
    return { status: 400, body: { error: 'the order is not JSON' } };
  }
}
