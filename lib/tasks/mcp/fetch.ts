/**
 * `fetch` for the MCP client on a task's own way out. Each answer is read whole and comes back as JSON, so that
 * nothing of the client goes on in the background: no stream, no reconnection, no reply to what a server asks.
 */
import { isJsonObject, type JsonObject } from '../../engine/json.ts';
import type { HttpRequest, HttpResponse } from '../../engine/types.ts';
import type { Json } from '../types.ts';
import { answerTo } from './answer.ts';

export interface McpExchange {
  /**
   * Sends a request. @throws {WorkflowError} when there is no answer, or one that is not 2xx
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** The error for an answer that cannot be used. */
  unusable(problem: string): Error;
  /**
   * Takes the result of the call itself. The client gets an empty one in its place: it would walk through millions of
   * members to check nothing.
   */
  take(result: Json): void;
  /** The request that the call is about; those around it are the client's own. */
  readonly method: string;
  /** What is sent besides the client's own headers; names in lower case. */
  headers(message: JsonObject): Record<string, string>;
}

const SESSION = 'mcp-session-id';
/** Of the answers that the client reads: who the server is, and what it can. */
const MAX_OWN_BYTES = 65_536;

export function fetchFor(exchange: McpExchange): typeof fetch {
  return async (input, init) => {
    const method = init?.method ?? 'GET';
    // The server's own stream of events, which it may decline (MCP, Listening for Messages from the Server).
    if (method === 'GET') return new Response(null, { status: 405 });
    const body = typeof init?.body === 'string' ? init.body : undefined;
    // What the client has written is an object.
    const message = (body === undefined ? {} : JSON.parse(body)) as JsonObject;
    if (method === 'POST' && typeof message['method'] !== 'string')
      return new Response(null, { status: 202 });
    const response = await exchange.send({
      method,
      url: input instanceof Request ? input.url : input.toString(),
      headers: { ...exchange.headers(message), ...Object.fromEntries(new Headers(init?.headers)) },
      followRedirects: false,
      ...(body !== undefined && { body }),
    });
    const { id } = message;
    if (id === undefined) return new Response(null, { status: method === 'POST' ? 202 : response.status });
    const answer = answerTo(id, response);
    if (!answer.ok) throw exchange.unusable(answer.problem);
    const { result } = answer.message;
    const taken = message['method'] === exchange.method && result !== undefined && isJsonObject(result);
    if (taken) exchange.take(result);
    else if (response.body.byteLength > MAX_OWN_BYTES) {
      throw exchange.unusable(`it has more than ${MAX_OWN_BYTES} bytes and is not the result`);
    }
    const headers = new Headers({ 'content-type': 'application/json' });
    const session = response.headers[SESSION];
    if (session !== undefined) headers.set(SESSION, session);
    const told = taken ? { ...answer.message, result: {} } : answer.message;
    return new Response(JSON.stringify(told), { headers });
  };
}
