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
  /** Lets so many more bytes of one client's requests pass, then holds everything of it. */
  holdAfter(bytes: number): void;
  /** Delivers what was held (also from connections whose other end has given up) and passes all again. */
  release(): void;
  /** On the connections there are nothing passes ever again, and nobody is told. New ones pass. */
  strand(): void;
  /** New connections pass again; those that stand stay silent for ever, as after a lost NAT entry. */
  abandon(): void;
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
  /** Requests beyond the allowance of `holdAfter`. */
  kept: Buffer[];
}

/** Opens a proxy to the host and port of `target`. */
export async function openTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const links = new Set<Link>();
  const stranded = new Set<Link>();
  let held: 'both' | 'answers' | null = null;
  let allowance = Number.POSITIVE_INFINITY;

  function forward(from: Socket, to: Socket, pass: (chunk: Buffer) => void): void {
    from.on('data', pass);
    from.on('end', () => void to.end());
    from.on('error', () => to.destroy());
  }

  function holdLink({ client, server }: Link): void {
    if (held === 'both') client.pause();
    if (held !== null) server.pause();
  }

  function passRequest(link: Link, chunk: Buffer): void {
    const passing = chunk.subarray(0, Math.min(chunk.length, allowance));
    if (passing.length > 0) link.server.write(passing);
    allowance -= passing.length;
    if (passing.length === chunk.length) return;
    link.kept.push(chunk.subarray(passing.length));
    link.client.pause();
    link.server.pause();
  }

  function onConnection(client: Socket): void {
    const server = connect({ host: hostname, port: Number(targetPort) });
    const link: Link = { client, server, kept: [] };
    links.add(link);
    client.setNoDelay(true);
    server.setNoDelay(true);
    forward(client, server, (chunk) => passRequest(link, chunk));
    forward(server, client, (chunk) => void client.write(chunk));
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
    for (const { client, server } of [...links, ...stranded]) {
      client.resetAndDestroy();
      server.destroy();
    }
    links.clear();
    stranded.clear();
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
    holdAfter(bytes) {
      allowance = bytes;
    },
    release() {
      held = null;
      allowance = Number.POSITIVE_INFINITY;
      for (const { client, server, kept } of links) {
        for (const chunk of kept.splice(0)) server.write(chunk);
        client.resume();
        server.resume();
      }
    },
    strand() {
      for (const link of links) {
        link.client.pause();
        link.server.pause();
        stranded.add(link);
      }
      links.clear();
    },
    abandon() {
      held = null;
      allowance = Number.POSITIVE_INFINITY;
    },
    cut: destroyLinks,
    refuse,
    listen,
    close: refuse,
  };
}
