/** The service that the workflows with HTTP steps call: it answers every GET at once with the same few bytes. */
import { createServer, type AddressInfo } from 'node:net';

const BODY = '{"ok":true}';
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);

/** Listens on 127.0.0.1. @returns its port */
export async function openStepService(): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    // A GET fits one packet, and its caller waits for the answer before the next.
    socket.on('data', (chunk) => {
      if (chunk.includes('\r\n\r\n')) socket.write(ANSWER);
    });
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
