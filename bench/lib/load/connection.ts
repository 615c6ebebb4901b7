/** One keep-alive HTTP/1.1 connection on a bare socket: the load generator must cost little on shared cores. */
import { connect } from 'node:net';

export interface Target {
  host: string;
  port: number;
  path: string;
  /** The bearer token. */
  apiKey: string;
}

interface Answer {
  status: number;
  body: string;
}

export interface Connection {
  /** Sends a request and waits for its whole answer; one at a time. */
  send(request: Buffer): Promise<Answer>;
  close(): void;
}

/** The bytes of a POST of that JSON text. */
export function postRequest({ host, port, path, apiKey }: Target, json: string): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Bearer ${apiKey}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
}

/**
 * Reads an answer of HTTP/1.1 from its bytes as Latin-1 text. Enough for a service under test: a length or chunks.
 * @returns null while it is incomplete
 */
export function parseAnswer(text: string): Answer | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const status = Number(text.slice(9, 12));
  const body = text.slice(headEnd + 4);
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1];
  if (length !== undefined) return body.length >= Number(length) ? { status, body } : null;
  if (!body.endsWith('0\r\n\r\n')) return null;
  // Each chunk: its size in hex, its data (RFC 9112, section 7.1).
  return { status, body: body.replaceAll(/(^|\r\n)[0-9a-f]+\r\n(\r\n$)?/gi, '') };
}

/** Connects. @throws node's error when nobody listens */
export function openConnection(host: string, port: number): Promise<Connection> {
  return new Promise((resolveOpen, rejectOpen) => {
    const socket = connect({ host, port, noDelay: true });
    let received = '';
    let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | null = null;
    const fail = (error: Error): void => {
      waiting?.reject(error);
      waiting = null;
      rejectOpen(error);
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received += chunk;
      const answer = parseAnswer(received);
      if (answer === null) return;
      received = '';
      const { resolve } = waiting ?? {};
      waiting = null;
      resolve?.(answer);
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed')));
    socket.on('connect', () => {
      resolveOpen({
        send: (request) =>
          new Promise((resolve, reject) => {
            waiting = { resolve, reject };
            socket.write(request);
          }),
        close: () => socket.destroy(),
      });
    });
  });
}
