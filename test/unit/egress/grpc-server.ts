/** A gRPC server of the test's own on a free loopback port; messages are bytes, as in the client. */
import * as grpc from '@grpc/grpc-js';
import { closeLater } from './kit.ts';

type Stream = grpc.ServerDuplexStream<Uint8Array, Uint8Array>;

export interface GrpcSeen {
  metadata: grpc.Metadata;
  messages: Buffer[];
  cancelled: boolean;
}

const identity = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

/**
 * Starts a server with the method `/test.Echo/Call`.
 * @param handle called when the client has sent all its messages
 */
export async function serveGrpc(
  handle: (stream: Stream, messages: Buffer[]) => void,
  credentials = grpc.ServerCredentials.createInsecure(),
): Promise<{ port: number; seen: GrpcSeen[] }> {
  const seen: GrpcSeen[] = [];
  const server = new grpc.Server();
  const definition: grpc.MethodDefinition<Uint8Array, Uint8Array> = {
    path: '/test.Echo/Call',
    requestStream: true,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  server.addService(
    { Call: definition },
    {
      Call: (stream: Stream) => {
        const entry: GrpcSeen = { metadata: stream.metadata, messages: [], cancelled: false };
        seen.push(entry);
        stream.on('data', (message: Buffer) => entry.messages.push(message));
        stream.on('cancelled', () => (entry.cancelled = true));
        stream.on('error', () => undefined);
        stream.on('end', () => handle(stream, entry.messages));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  closeLater(async () => server.forceShutdown());
  return { port, seen };
}

/** Answers with one message. */
export function answer(stream: Stream, message: Uint8Array): void {
  stream.write(message);
  stream.end();
}

/** Ends a call with a status other than OK. */
export function failWith(stream: Stream, code: grpc.status, details: string): void {
  stream.emit('error', { code, details });
}
