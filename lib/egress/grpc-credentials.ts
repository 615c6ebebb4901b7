/** How a gRPC channel secures a connection, with a hold on every socket: the library gives up none that hangs. */
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type Connected = Awaited<ReturnType<Connector['connect']>>;

/** Credentials of one channel to one host. */
export class HeldCredentials extends ChannelCredentials {
  readonly #host: string;
  readonly #tls: boolean;
  readonly #sockets = new Set<Socket>();
  #error: unknown = null;
  #destroyed = false;

  /** @param host the name that TLS asks for and verifies */
  constructor(host: string, tls: boolean) {
    super();
    this.#host = host;
    this.#tls = tls;
  }

  /** Why the last TLS handshake failed; null when none did. */
  get error(): unknown {
    return this.#error;
  }

  /** Closes what is open, whatever state it is in, and what is about to be. */
  destroy(): void {
    this.#destroyed = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  override _isSecure(): boolean {
    return this.#tls;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(): Connector {
    return {
      connect: (socket) => this.#connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => CallCredentials.createEmpty(),
      destroy: () => undefined,
    };
  }

  async #connect(socket: Socket): Promise<Connected> {
    if (this.#destroyed) {
      socket.destroy();
      throw new Error('the call has ended');
    }
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (!this.#tls) return { socket, secure: false };
    try {
      return { socket: await this.#secure(socket), secure: true };
    } catch (error) {
      this.#error = error;
      throw error;
    }
  }

  #secure(socket: Socket): Promise<Socket> {
    const host = this.#host;
    // RFC 6066, section 3: an address is no server name; the certificate is verified against it all the same.
    const name = isIP(host) === 0 ? { servername: host } : {};
    return new Promise((resolve, reject) => {
      const secured = connectTls({ socket, host, ...name, ALPNProtocols: ['h2'] }, () => resolve(secured));
      secured.on('error', reject);
      secured.once('close', () => reject(new Error('closed before TLS was established')));
    });
  }
}
