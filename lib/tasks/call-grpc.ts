/**
 * `call: grpc`: one call of a method that a .proto file describes (dsl-reference, gRPC Call). The file was read when
 * the version was published; its messages are JSON to the workflow. The language has no switch for TLS: a call is
 * made over TLS unless the operator's allow list lets the host in, and at port 443 in any case.
 */
import type { Frame } from '../engine/frame.ts';
import { member } from '../engine/json.ts';
import type { GrpcRequest, GrpcResponse } from '../engine/types.ts';
import { compileAuthentication, type Authentication } from './authentication/index.ts';
import { callBody } from './call-body.ts';
import { withDeadline } from './call-http-deadline.ts';
import { callerOf } from './exchange.ts';
import { badMessage, failedGrpcCall, grpcTimedOut } from './grpc/errors.ts';
import type { GrpcMethod } from './grpc/method.ts';
import type { CompileContext, Evaluable, Json, JsonObject, TaskModule } from './types.ts';

const TLS_PORT = 443;

interface GrpcCall {
  /** null when the version keeps no .proto text for it. */
  proto: string | null;
  service: string;
  host: Evaluable;
  port: number;
  method: string;
  arguments: Evaluable;
  authentication: Authentication | null;
}

export const callGrpcTask: TaskModule = {
  kind: 'call-grpc',
  matches: (node) => node['call'] === 'grpc',
  compile(node, context) {
    const call = compileCall(node, context);
    const { authentication } = call;
    const open = methodOnce(call);
    return callBody(node, authentication, async (frame, input, signal) => {
      const method = await open(frame);
      const messages = encode(frame, method, frame.evaluate(call.arguments, input));
      const request = requestOf(frame, call, method, messages, input);
      const response = await send(frame, request, authentication, input, signal);
      return outputOf(frame, request, method, response);
    });
  },
};

function compileCall(node: JsonObject, context: CompileContext): GrpcCall {
  const given = (name: string): Json | undefined => member(node['with'], name);
  const service = given('service');
  const port = member(service, 'port');
  const policy = member(service, 'authentication');
  return {
    proto: context.resource('with/proto'),
    service: textOf(member(service, 'name'), context),
    host: context.template(member(service, 'host') ?? null),
    port: typeof port === 'number' ? port : TLS_PORT,
    method: textOf(given('method'), context),
    arguments: context.template(given('arguments') ?? {}),
    authentication: policy === undefined ? null : compileAuthentication(policy, context),
  };
}

function textOf(value: Json | undefined, context: CompileContext): string {
  if (typeof value === 'string') return value;
  throw new Error(`a name in the gRPC call of ${context.pointer} is not text`);
}

/** Reads the .proto at the first call: a definition may have many, and the libraries for it cost 70 ms. */
function methodOnce({ proto, service, method }: GrpcCall): (frame: Frame) => Promise<GrpcMethod> {
  let opened: Awaited<ReturnType<typeof load>> | null = null;
  const load = async (text: string) => (await import('./grpc/method.ts')).openMethod(text, service, method);
  return async (frame) => {
    if (proto === null) {
      const detail = 'The version keeps no .proto file for this call; publish it again.';
      throw frame.fail('configuration', detail);
    }
    opened ??= await load(proto);
    if (opened.ok) return opened.value;
    throw frame.fail('configuration', `The .proto file of the call: ${opened.problem}.`);
  };
}

/** An array gives several messages to a method that takes a stream; anything else is one message. */
function encode(frame: Frame, method: GrpcMethod, value: Json): Uint8Array[] {
  const several = method.requestStream && Array.isArray(value) ? value : [value];
  if (method.isTooMuch(several)) {
    throw frame.fail('expression', 'The arguments of the call: `arguments` have too many values inside.');
  }
  return several.map((argument) => {
    const encoded = method.encode(argument);
    if (encoded.ok) return encoded.value;
    throw frame.fail('expression', `The arguments of the call: ${encoded.problem}.`);
  });
}

function requestOf(
  frame: Frame,
  call: GrpcCall,
  method: GrpcMethod,
  messages: Uint8Array[],
  input: Json,
): GrpcRequest {
  const host = frame.evaluate(call.host, input);
  if (typeof host !== 'string') throw frame.fail('expression', 'The `host` of the service is not text.');
  return {
    host,
    port: call.port,
    tls: call.port === TLS_PORT ? 'always' : 'unless_allowed',
    path: method.path,
    metadata: { 'vespid-idempotency-key': frame.idempotencyKey },
    messages,
  };
}

/** @throws {WorkflowError} when there is no answer; once `signal` aborts, whatever is thrown is an interruption */
async function send(
  frame: Frame,
  request: GrpcRequest,
  authentication: Authentication | null,
  input: Json,
  signal: AbortSignal,
): Promise<GrpcResponse> {
  const timeoutMs = frame.run.limits.callTimeoutMs;
  return withDeadline(signal, timeoutMs, async (bounded) => {
    try {
      if (authentication === null) return await frame.ports.grpc(request, bounded);
      const { scheme, parameter } = await authentication.credentials(callerOf(frame, input), bounded);
      const metadata = { ...request.metadata, authorization: `${scheme} ${parameter}` };
      return await frame.ports.grpc({ ...request, metadata }, bounded);
    } catch (error) {
      if (bounded.aborted) throw grpcTimedOut(frame, request, timeoutMs, error);
      throw failedGrpcCall(frame, request, error);
    }
  });
}

/** The message of the answer, or an array in order of a method that answers with a stream. */
function outputOf(frame: Frame, request: GrpcRequest, method: GrpcMethod, { messages }: GrpcResponse): Json {
  const decoded = method.decode(messages);
  if (!decoded.ok) throw badMessage(frame, request, decoded.problem);
  const values = decoded.value;
  if (method.responseStream) return values;
  const [value] = values;
  if (value !== undefined && values.length === 1) return value;
  throw badMessage(frame, request, `it has ${values.length} messages, and one was expected`);
}
