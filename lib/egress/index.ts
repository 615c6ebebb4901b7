/**
 * The one client for outbound HTTP and gRPC. It reaches public addresses only, unless the operator's allow list says
 * otherwise, takes no proxy from the environment, and bounds what it reads.
 */
import { Agent, type Dispatcher } from 'undici';
import {
  HttpFailure,
  type GrpcRequest,
  type GrpcResponse,
  type HttpRequest,
  type HttpResponse,
} from '../engine/types.ts';
import { type AllowList, parseAllowList } from './allow-list.ts';
import { guardedConnector, type Resolve, resolveBySystem } from './connector.ts';
import { toHttpFailure } from './failure.ts';
import { openGrpc } from './grpc.ts';
import { type Hop, nextHop } from './redirect.ts';
import { checkHeaders, checkMethod } from './request-headers.ts';
import { collect, decode } from './response-body.ts';
import { checkTarget } from './target.ts';

const MAX_REDIRECTS = 5;
const MAX_RESPONSE_HEADER_BYTES = 32_768;
/** How much of a redirect's own body is read to keep its connection. */
const MAX_DISCARDED_BYTES = 16_384;

export interface EgressOptions {
  /** Hosts, `*.suffix` hosts, addresses and CIDR ranges that may be reached although they are not public. */
  allow: readonly string[];
  /** Longest content of an answer, before and after decompression. */
  maxResponseBytes: number;
  userAgent: string;
  /** Resolves names; the system's resolver unless a test gives its own. */
  resolve?: Resolve;
}

export interface Egress {
  /**
   * Sends a request and reads the whole answer, whatever its status. Waits as long as `signal` lets it.
   * @throws {HttpFailure} when there is no answer; its message names the host, never the path or query
   * @throws the signal's reason when it aborts, or `HttpFailure` `timeout` when the reason is a `TimeoutError`
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Makes one gRPC call, as `GrpcEgress.call` says. */
  grpc(request: GrpcRequest, signal: AbortSignal): Promise<GrpcResponse>;
  /** Aborts what is under way and closes every connection. */
  close(): Promise<void>;
}

interface Client {
  agent: Agent;
  allow: AllowList;
  maxResponseBytes: number;
}

/**
 * Opens the client. Connections are kept alive for a few seconds; each was checked when it was made.
 * @throws {TypeError} when an entry of `allow` is not one (`parseAllowList` tells which, at the start)
 */
export function openEgress(options: EgressOptions): Egress {
  const parsed = parseAllowList(options.allow);
  if (!parsed.ok) throw new TypeError(`egress allow list: ${parsed.problems.join('; ')}`);
  const allow = parsed.list;
  const resolve = options.resolve ?? resolveBySystem;
  const { maxResponseBytes, userAgent } = options;
  const grpc = openGrpc({ allow, resolve, maxResponseBytes, userAgent });
  const agent = new Agent({
    connect: guardedConnector(allow, resolve),
    maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    // How long an answer may take is the caller's signal to say.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const client: Client = { agent, allow, maxResponseBytes };
  return {
    async request(request, signal) {
      checkMethod(request.method);
      const first: Hop = {
        url: checkTarget(request.url, allow),
        method: request.method,
        headers: checkHeaders(request.headers, userAgent),
        body: request.body,
      };
      return follow(client, first, request.followRedirects ? MAX_REDIRECTS : 0, signal);
    },
    grpc: grpc.call,
    async close() {
      grpc.close();
      await agent.destroy();
    },
  };
}

/** Sends a request and those it is redirected to, each checked as if it were the first. */
async function follow(
  client: Client,
  first: Hop,
  maxRedirects: number,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let hop = first;
  for (let redirects = 0; ; redirects += 1) {
    const { url } = hop;
    try {
      const answer = await send(client.agent, hop, signal);
      const headers = joinHeaders(answer.headers);
      const next = maxRedirects === 0 ? null : redirectOf(client, hop, answer, headers.get('location'));
      if (next === null) return await read(client, hop, answer, headers);
      await answer.body.dump({ limit: MAX_DISCARDED_BYTES, signal });
      if (redirects === maxRedirects) {
        throw new HttpFailure('network', `${first.url.host} led to more than ${maxRedirects} redirects`);
      }
      hop = next;
    } catch (error) {
      if (signal.aborted) throw abortReason(signal, url.host);
      throw toHttpFailure(error, url.host);
    }
  }
}

/** The next request, if any. One that is refused leaves no connection open behind its answer. */
function redirectOf(
  client: Client,
  hop: Hop,
  answer: Dispatcher.ResponseData,
  location: string | undefined,
): Hop | null {
  try {
    return nextHop(hop, answer.statusCode, location, (text) => checkTarget(text, client.allow));
  } catch (error) {
    answer.body.on('error', () => undefined).destroy();
    throw error;
  }
}

function send(agent: Agent, hop: Hop, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  const { url, method, headers, body } = hop;
  return agent.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers: Object.fromEntries(headers),
    body: body === undefined ? null : body,
    signal,
  });
}

async function read(
  client: Client,
  hop: Hop,
  answer: Dispatcher.ResponseData,
  headers: Map<string, string>,
): Promise<HttpResponse> {
  const { host } = hop.url;
  const { maxResponseBytes } = client;
  const raw = await collect(answer.body, maxResponseBytes, host);
  const body = await decode(raw, headers.get('content-encoding'), maxResponseBytes, host);
  if (body !== raw) {
    headers.delete('content-encoding');
    headers.delete('content-length');
  }
  return { status: answer.statusCode, headers: Object.fromEntries(headers), body, url: hop.url.href };
}

function joinHeaders(headers: Dispatcher.ResponseData['headers']): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return joined;
}

function abortReason(signal: AbortSignal, host: string): unknown {
  const reason: unknown = signal.reason;
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    return new HttpFailure('timeout', `${host} did not answer in time`, { cause: reason });
  }
  return reason;
}
