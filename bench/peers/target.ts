/** The service that the steps call: it answers every request at once and counts them. */
import { createServer, type AddressInfo, type Socket } from 'node:net';

const BODY = '{"ok":true}';
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
const END_OF_HEADERS = '\r\n\r\n';

export interface Target {
  url: string;
  /** Requests answered so far. */
  calls(): number;
  close(): void;
}

/**
 * Listens on 127.0.0.1. It reads no more of HTTP/1.1 than where a GET ends, so that it costs every system the same
 * and little.
 */
export async function openTarget(): Promise<Target> {
  let calls = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = '';
    sockets.add(socket);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      const parts = (rest + text).split(END_OF_HEADERS);
      rest = parts.pop() ?? '';
      calls += parts.length;
      if (parts.length > 0) socket.write(ANSWER.repeat(parts.length));
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    // A server on TCP has an address of that kind.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/step`,
    calls: () => calls,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
