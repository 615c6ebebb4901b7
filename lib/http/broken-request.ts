/** Answers to what never becomes a request: Node's parser refuses it before the application sees anything. */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** So long a refused client may take to read its answer before it is cut off, ms. */
const LINGER_MS = 1000;

/** By the code of Node's error; anything else is a malformed request. */
const REFUSALS = new Map([
  ['HPE_HEADER_OVERFLOW', { status: 431, detail: 'The headers of the request are too large.' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, detail: 'The request did not arrive in time.' }],
]);
const MALFORMED = { status: 400, detail: 'The request is not well-formed HTTP/1.1 (RFC 9112).' };

interface Refusal {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The closed list of codes has none for these, so the problem is of the type that the status says (RFC 9457, 4.2.1). */
function refusal({ status, detail }: { status: number; detail: string }): Refusal {
  const requestId = randomUUID();
  const body = JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail,
    requestId,
  });
  const headers = {
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    'X-Request-Id': requestId,
    Connection: 'close',
  };
  return { status, headers, body };
}

/** Refuses a request that lacks a Host: HTTP/1.1 demands one (RFC 9112, section 3.2), HTTP/1.0 does not. */
export function refuseWithoutHost(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  if (incoming.httpVersion !== '1.1' || incoming.headers.host !== undefined) return false;
  const { status, headers, body } = refusal({ status: 400, detail: 'The request has no Host header.' });
  outgoing.writeHead(status, headers).end(body);
  return true;
}

interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  const { status, headers, body } = refusal(REFUSALS.get(error.code ?? '') ?? MALFORMED);
  const lines = Object.entries({ ...headers, Date: new Date().toUTCString() }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
  // Closed at once, what the client has still sent would be answered with a reset, which takes the answer with it.
  const cutOff = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(cutOff));
}

/** Lets the server answer broken requests with problem documents, in the order of what the connection carries. */
export function answerBrokenRequests(server: Server): void {
  const open = new WeakMap<Socket, Set<Exchange>>();
  const refused = new WeakSet<Socket>();
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const exchange = { incoming, outgoing };
    const exchanges = open.get(incoming.socket) ?? new Set();
    open.set(incoming.socket, exchanges.add(exchange));
    outgoing.once('close', () => exchanges.delete(exchange));
  });
  // The server makes plain sockets; node types them as what a server of another kind could make.
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // The parser stays, and reports what follows the first fault as further ones.
    if (refused.has(socket)) return;
    const exchanges = [...(open.get(socket) ?? [])];
    const owed = exchanges.findLast(({ incoming }) => incoming.complete);
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
    // In the middle of an answer no other can be given.
    else if (exchanges.some(({ outgoing }) => outgoing.headersSent)) socket.destroySoon();
    // A whole request was taken before: the client gets the answer to that one, and then the end.
    else if (owed !== undefined) owed.outgoing.shouldKeepAlive = false;
    else {
      refused.add(socket);
      refuse(error, socket);
    }
  });
}
