/**
 * A TCP proxy of the test between a process and its Redis or Postgres: it can fall silent without closing
 * anything, as a network that drops packets does, and later deliver what it held.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface TcpProxy {
  /** `url` with this proxy in the place of its host and port. */
  through(url: string): string;
  /** From now on nothing passes: in both directions, or only what the server answers. New connections too. */
  hold(which: 'both' | 'answers'): void;
  /** Delivers what was held (also from connections whose other end has given up) and passes all again. */
  release(): void;
  /** Breaks every connection off; what was held is lost. New ones pass. */
  cut(): void;
  /** Breaks every connection off and refuses new ones, until `listen`. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

interface Link {
  client: Socket;
  server: Socket;
}

/** Opens a proxy to the host and port of `target`. */
export async function openTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const links = new Set<Link>();
  let held: 'both' | 'answers' | null = null;

  function forward(from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => void to.write(chunk));
    from.on('end', () => void to.end());
    from.on('error', () => to.destroy());
  }

  function holdLink({ client, server }: Link): void {
    if (held === 'both') client.pause();
    if (held !== null) server.pause();
  }

  function onConnection(client: Socket): void {
    const server = connect({ host: hostname, port: Number(targetPort) });
    const link = { client, server };
    links.add(link);
    client.setNoDelay(true);
    server.setNoDelay(true);
    forward(client, server);
    forward(server, client);
    server.once('close', () => {
      links.delete(link);
      // Destroyed only with nothing left to deliver.
      client.end();
    });
    holdLink(link);
  }

  let listener: Server | null = null;
  let port = 0;
  const destroyLinks = (): void => {
    for (const { client, server } of links) {
      client.resetAndDestroy();
      server.destroy();
    }
    links.clear();
  };
  async function listen(): Promise<void> {
    const opened = createServer({ allowHalfOpen: false }, onConnection);
    opened.listen(port, '127.0.0.1');
    await once(opened, 'listening');
    // Listening on a port, never on a pipe.
    port = (opened.address() as AddressInfo).port;
    listener = opened;
  }
  async function refuse(): Promise<void> {
    const closing = listener;
    listener = null;
    const closed = closing === null ? null : once(closing, 'close');
    closing?.close();
    destroyLinks();
    await closed;
  }
  await listen();
  return {
    through(url) {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.href;
    },
    hold(which) {
      held = which;
      for (const link of links) holdLink(link);
    },
    release() {
      held = null;
      for (const { client, server } of links) {
        client.resume();
        server.resume();
      }
    },
    cut: destroyLinks,
    refuse,
    listen,
    close: refuse,
  };
}
