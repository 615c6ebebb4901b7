/** An endpoint of a subscriber on 127.0.0.1: keeps what it is sent, and answers as a test says. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { waitUntil } from '../../support/stack.ts';

interface Received {
  path: string;
  headers: IncomingMessage['headers'];
  /** As it was sent. */
  body: string;
  /** `webhook-id` */
  id: string;
  /** Date.now() */
  at: number;
}

interface AnswerOf {
  /** `hang`: none. */
  status: number | 'hang';
  headers?: Record<string, string>;
}

export interface Receiver {
  url(path: string): string;
  /** How calls of a path are answered, by their number from 1; 204 without. */
  answer(path: string, by: (call: number) => AnswerOf): void;
  /** What came to a path. */
  at(path: string): Received[];
  /** Waits until so many calls have come to a path. */
  reached(path: string, calls?: number, timeoutMs?: number): Promise<Received[]>;
  close(): Promise<void>;
}

/** The event in a request whose signature is good. @throws when it is not */
export const verified = (secret: string, { body, headers }: Received) =>
  // The library checks the names; a field that is there twice is not good either.
  new Webhook(secret).verify(body, headers as Record<string, string>) as Record<string, unknown>;

export async function openReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const answers = new Map<string, (call: number) => AnswerOf>();
  const at = (path: string): Received[] => received.filter((one) => one.path === path);
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const path = request.url ?? '';
      received.push({
        path,
        headers: request.headers,
        body,
        id: String(request.headers['webhook-id']),
        at: Date.now(),
      });
      const { status, headers = {} } = answers.get(path)?.(at(path).length) ?? { status: 204 };
      if (status !== 'hang') response.writeHead(status, headers).end();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // Listening on a port, never on a pipe.
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${listening}${path}`,
    answer: (path, by) => void answers.set(path, by),
    at,
    reached: (path, calls = 1, timeoutMs = 10_000) =>
      waitUntil(() => (at(path).length >= calls ? at(path) : null), {
        what: `${calls} calls of ${path}`,
        timeoutMs,
      }),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
