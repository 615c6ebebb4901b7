/** One gRPC call on a channel of its own (grpc/grpc, PROTOCOL-HTTP2.md). Loaded when the first call is made. */
import { Client, Metadata, connectivityState, status, type ServiceError } from '@grpc/grpc-js';
import { GrpcFailure, HttpFailure, type GrpcRequest, type GrpcResponse } from '../engine/types.ts';
import type { ResolvedAddress } from './connector.ts';
import { toHttpFailure } from './failure.ts';
import { HeldCredentials } from './grpc-credentials.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** What a message costs beyond its bytes, so that empty ones are bounded too. */
const MESSAGE_OVERHEAD_BYTES = 64;

/** Where a call goes: addresses that were checked, of one family. */
export interface GrpcTarget {
  host: string;
  port: number;
  tls: boolean;
  addresses: readonly ResolvedAddress[];
}

export interface GrpcBounds {
  /** Longest answer: one message, and all of them with an overhead for each. */
  maxResponseBytes: number;
  userAgent: string;
}

/**
 * Makes the call and closes its connection. The end of `signal` closes it at once.
 * @throws {HttpFailure} when there is no answer
 * @throws {GrpcFailure} when the answer is a status other than OK
 */
export async function callOnce(
  target: GrpcTarget,
  request: GrpcRequest,
  bounds: GrpcBounds,
  signal: AbortSignal,
): Promise<GrpcResponse> {
  const metadata = metadataOf(request, hostOf(target));
  const credentials = new HeldCredentials(target.host, target.tls);
  const client = new Client(uriOf(target), credentials, optionsOf(target, bounds));
  const close = (): void => {
    client.close();
    credentials.destroy();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    signal.throwIfAborted();
    await connect(client, target, credentials, signal);
    return await exchange(client, target, request, metadata, bounds, signal);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}

/** `ipv4:192.0.2.1:443,192.0.2.2:443`: addresses need no resolver (grpc/grpc, naming.md). */
function uriOf({ addresses, port }: GrpcTarget): string {
  const ipv6 = addresses[0]?.family === 6;
  const list = addresses.map(({ address }) => (ipv6 ? `[${address}]:${port}` : `${address}:${port}`));
  return `${ipv6 ? 'ipv6' : 'ipv4'}:${list.join(',')}`;
}

/** What comes from the environment, from DNS or from other channels is off: only the target decides. */
function optionsOf(target: GrpcTarget, bounds: GrpcBounds): ConstructorParameters<typeof Client>[2] {
  const usual = target.port === (target.tls ? 443 : 80);
  return {
    'grpc.default_authority': usual ? bracketed(target.host) : hostOf(target),
    'grpc.primary_user_agent': bounds.userAgent,
    'grpc.max_receive_message_length': bounds.maxResponseBytes,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_channelz': 0,
  };
}

function metadataOf(request: GrpcRequest, host: string): Metadata {
  const metadata = new Metadata();
  try {
    for (const [name, value] of Object.entries(request.metadata)) metadata.set(name, value);
  } catch (cause) {
    throw new HttpFailure('invalid', `the metadata for ${host} has a value that is not printable ASCII`, {
      cause,
    });
  }
  return metadata;
}

/** Resolves once the connection stands, TLS and the HTTP/2 preface included. */
function connect(
  client: Client,
  target: GrpcTarget,
  credentials: HeldCredentials,
  signal: AbortSignal,
): Promise<void> {
  const channel = client.getChannel();
  const deadline = Date.now() + CONNECT_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const state = channel.getConnectivityState(true);
      if (signal.aborted) reject(signal.reason);
      else if (state === connectivityState.READY) resolve();
      else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) {
        reject(unreachable(target, credentials.error));
      } else {
        channel.watchConnectivityState(state, deadline, (error) => {
          if (error === undefined || signal.aborted) look();
          else reject(new HttpFailure('timeout', `no connection to ${hostOf(target)} in time`));
        });
      }
    };
    look();
  });
}

function unreachable(target: GrpcTarget, error: unknown): unknown {
  const host = hostOf(target);
  const known = error === null ? null : toHttpFailure(error, host);
  if (known instanceof HttpFailure) return known;
  const what = target.tls ? 'HTTP/2 over TLS' : 'HTTP/2 without TLS';
  return new HttpFailure('network', `${host} accepts no connection (${what})`, { cause: error });
}

const identity = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** On the wire every kind of method is a stream each way; how many messages are right is the caller's to say. */
function exchange(
  client: Client,
  target: GrpcTarget,
  request: GrpcRequest,
  metadata: Metadata,
  { maxResponseBytes }: GrpcBounds,
  signal: AbortSignal,
): Promise<GrpcResponse> {
  return new Promise((resolve, reject) => {
    const messages: Uint8Array[] = [];
    let bytes = 0;
    const call = client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
      request.path,
      identity,
      identity,
      metadata,
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    const settle = (end: () => void): void => {
      signal.removeEventListener('abort', cancel);
      end();
    };
    call.on('data', (message: Uint8Array) => {
      bytes += message.byteLength + MESSAGE_OVERHEAD_BYTES;
      if (bytes <= maxResponseBytes + MESSAGE_OVERHEAD_BYTES) messages.push(message);
      else {
        const text = `the answer of ${hostOf(target)} is larger than ${maxResponseBytes} bytes`;
        settle(() => reject(new HttpFailure('too_large', text)));
        call.cancel();
      }
    });
    call.on('end', () => settle(() => resolve({ messages })));
    call.on('error', (error: ServiceError) => {
      const lost = error.code === status.UNAVAILABLE && !isReady(client);
      settle(() => reject(signal.aborted ? signal.reason : lost ? closed(target, error) : failureOf(error)));
    });
    for (const message of request.messages) call.write(message);
    call.end();
  });
}

const isReady = (client: Client): boolean =>
  client.getChannel().getConnectivityState(false) === connectivityState.READY;

/** The library's own texts hold the address, which is nobody's business; a server's do not. */
const closed = (target: GrpcTarget, cause: unknown): HttpFailure =>
  new HttpFailure('network', `${hostOf(target)} closed the connection before the answer was complete`, {
    cause,
  });

const failureOf = (error: ServiceError): GrpcFailure =>
  new GrpcFailure(error.code, error.details, { cause: error });

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const hostOf = ({ host, port }: GrpcTarget): string => `${bracketed(host)}:${port}`;
