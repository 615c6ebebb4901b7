/** Ports of this machine. */
import { createServer } from 'node:net';

/** A port of 127.0.0.1 that was free a moment ago. Another process may take it first: try again then. */
export async function freePort(): Promise<number> {
  return listenOnce(0, '127.0.0.1');
}

/** Whether `host:port` can be listened on. @throws {Error} when it cannot for another reason than being taken. */
export async function isPortFree(port: number, host: string): Promise<boolean> {
  try {
    await listenOnce(port, host);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error;
  }
}

function listenOnce(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no address to listen on'));
      });
    });
  });
}
