/**
 * `call: mcp`: one request to a server of the Model Context Protocol over HTTP (dsl-reference, MCP Call), in a
 * session of its own. The output is the result as it is; a tool's own error (`isError`) is a result too.
 */
import type { Duration } from '../engine/duration.ts';
import { WorkflowError } from '../engine/errors.ts';
import type { Frame } from '../engine/frame.ts';
import { isJsonObject, member } from '../engine/json.ts';
import { compileAuthentication, type Authentication } from './authentication/index.ts';
import { withDeadline } from './call-http-deadline.ts';
import { compileEndpoint, headersOf, urlOf, type CallArguments } from './call-http-request.ts';
import { callBody } from './call-body.ts';
import { checkStatus, exchange } from './exchange.ts';
import { fetchFor } from './mcp/fetch.ts';
import type { McpRequest, McpResult, McpSession } from './mcp/session.ts';
import type { CompileContext, Evaluable, Json, JsonObject, TaskModule } from './types.ts';

/** Revisions of the protocol that are spoken over Streamable HTTP after `initialize`, newest first. */
const MCP_PROTOCOL_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const DEFAULT_PROTOCOL_VERSION = '2025-06-18';
/** Ending a session is a courtesy that a result does not wait long for. */
const END_TIMEOUT_MS = 2000;
const MAX_MESSAGE_LENGTH = 300;

interface McpCall {
  protocolVersion: string;
  method: string;
  parameters: Evaluable;
  timeout: Duration | null;
  endpoint: CallArguments['endpoint'];
  headers: Evaluable;
  /** null for the service's own name and version. */
  client: Evaluable | null;
  authentication: Authentication | null;
}

export const callMcpTask: TaskModule = {
  kind: 'call-mcp',
  matches: (node) => node['call'] === 'mcp',
  compile(node, context) {
    const call = compileCall(node, context);
    const { authentication } = call;
    return callBody(node, authentication, async (frame, input, signal) => {
      const request = requestOf(frame, call, input);
      const timeoutMs = Math.min(
        frame.run.limits.callTimeoutMs,
        call.timeout?.milliseconds(input, frame) ?? Infinity,
      );
      return ask({ frame, call, input, request, signal, timeoutMs });
    });
  },
};

function compileCall(node: JsonObject, context: CompileContext): McpCall {
  const given = (name: string): Json | undefined => member(node['with'], name);
  const http = member(given('transport'), 'http');
  const endpoint = member(http, 'endpoint') ?? null;
  const policy = member(endpoint, 'authentication');
  const timeout = given('timeout');
  const version = given('protocolVersion');
  const client = given('client');
  const method = given('method');
  if (typeof method !== 'string') throw new Error(`the method of ${context.pointer} is not text`);
  return {
    protocolVersion: typeof version === 'string' ? version : DEFAULT_PROTOCOL_VERSION,
    method,
    parameters: context.template(given('parameters') ?? null),
    timeout: timeout === undefined ? null : context.duration(timeout),
    endpoint: compileEndpoint(endpoint, context),
    headers: context.template(member(http, 'headers') ?? {}),
    client: client === undefined ? null : context.template(client),
    authentication: policy === undefined ? null : compileAuthentication(policy, context),
  };
}

function requestOf(frame: Frame, call: McpCall, input: Json): McpRequest {
  const { protocolVersion, method } = call;
  if (!MCP_PROTOCOL_VERSIONS.includes(protocolVersion)) {
    const detail = `The MCP revision ${JSON.stringify(protocolVersion)} is not supported; use one of ${MCP_PROTOCOL_VERSIONS.join(', ')}.`;
    throw frame.fail('configuration', detail);
  }
  const parameters = frame.evaluate(call.parameters, input);
  if (parameters !== null && !isJsonObject(parameters)) {
    throw frame.fail('expression', 'The `parameters` of the call are not an object.');
  }
  return {
    url: urlOf(frame, call.endpoint, input),
    protocolVersion,
    protocolVersions: MCP_PROTOCOL_VERSIONS,
    client: clientOf(frame, call, input),
    method,
    parameters,
  };
}

function clientOf(frame: Frame, { client }: McpCall, input: Json): { name: string; version: string } {
  if (client === null) return frame.run.facts.runtime;
  const value = frame.evaluate(client, input);
  const [name, version] = [member(value, 'name'), member(value, 'version')];
  if (typeof name === 'string' && typeof version === 'string') return { name, version };
  throw frame.fail('expression', 'The `client` of the call needs a `name` and a `version` that are text.');
}

/** The way out of a session as it is now. */
interface Way {
  signal: AbortSignal;
  /** What is no failure of the call but a bug; the client would take it for one. */
  defect?: unknown;
  /** Of the call, when it has come. */
  result?: Json;
}

interface Asking {
  frame: Frame;
  call: McpCall;
  input: Json;
  request: McpRequest;
  signal: AbortSignal;
  timeoutMs: number;
}

/** @throws {WorkflowError} when there is no result; once `signal` aborts, whatever is thrown is an interruption */
async function ask(asking: Asking): Promise<Json> {
  const { frame, request, signal, timeoutMs } = asking;
  // The client costs 80 ms and 20 MB, which a worker without MCP calls does not pay.
  const { openSession } = await import('./mcp/session.ts');
  const way: Way = { signal };
  const session = openSession(request, fetchOf(asking, way));
  try {
    const result = await withDeadline(signal, timeoutMs, async (bounded) => {
      way.signal = bounded;
      try {
        return await session.request();
      } catch (error) {
        if (bounded.aborted) {
          throw frame.fail('timeout', `${callOf(request)} gave no answer within ${timeoutMs} ms.`, {
            cause: error,
          });
        }
        if (error instanceof WorkflowError) throw error;
        if (way.defect !== undefined) throw way.defect;
        throw unusable(frame, request, 'it breaks the protocol', error);
      }
    });
    return valueOf(frame, request, result, way);
  } finally {
    await end(session, signal, way);
  }
}

/** Whether the server has let go of the session is not the workflow's business. */
async function end(session: McpSession, signal: AbortSignal, way: Way): Promise<void> {
  try {
    if (signal.aborted) return;
    await withDeadline(signal, END_TIMEOUT_MS, async (bounded) => {
      way.signal = bounded;
      await session.end();
    });
  } catch {
    // The result stands, or the error that is on its way.
  } finally {
    await session.close();
  }
}

function fetchOf({ frame, call, input, request }: Asking, way: Way): typeof fetch {
  const headers = Object.fromEntries(headersOf(frame, frame.evaluate(call.headers, input)));
  return fetchFor({
    async send(sent) {
      try {
        const response = await exchange(frame, sent, way.signal, call.authentication, input);
        checkStatus(frame, sent, response);
        return response;
      } catch (error) {
        if (!(error instanceof WorkflowError)) way.defect = error;
        throw error;
      }
    },
    unusable: (problem) => unusable(frame, request, problem),
    method: request.method,
    take(result) {
      way.result = result;
    },
    // The key is that of the call: the messages around it are no side effects.
    headers: (message) =>
      message['method'] === request.method
        ? { 'vespid-idempotency-key': frame.idempotencyKey, ...headers }
        : headers,
  });
}

/** An error of JSON-RPC is a runtime error, whatever its code (dsl-reference, Standard Error Types). */
function valueOf(frame: Frame, request: McpRequest, answer: McpResult, { result }: Way): Json {
  if (answer.ok && result !== undefined) return result;
  if (answer.ok) throw unusable(frame, request, 'it breaks the protocol');
  const title = `${callOf(request)} answered error ${answer.code}`;
  const { message } = answer;
  const cut = message.length > MAX_MESSAGE_LENGTH ? '…' : '';
  throw frame.fail('runtime', `${title}: ${message.slice(0, MAX_MESSAGE_LENGTH)}${cut}`, { title });
}

/** An answer that came whole and cannot be used: 422, which asks for no new attempt. */
function unusable(frame: Frame, request: McpRequest, problem: string, cause?: unknown): WorkflowError {
  const detail = `The answer of ${callOf(request)} cannot be used: ${problem}.`;
  return frame.fail('communication', detail, { status: 422, cause });
}

/** `MCP tools/call api.example.org` */
const callOf = ({ method, url }: McpRequest): string => `MCP ${method} ${url.host}`;
