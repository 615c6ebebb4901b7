/** The one way out for gRPC: where a call may go, and how, before a connection is made. */
import { isIP } from 'node:net';
import { HttpFailure, type GrpcRequest, type GrpcResponse } from '../engine/types.ts';
import { parseAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';
import { resolveGuarded, type Resolve, type ResolvedAddress } from './connector.ts';
import { toHttpFailure } from './failure.ts';
import type { GrpcTarget } from './grpc-call.ts';
import { checkPort } from './target.ts';

const PATH = /^\/[A-Za-z0-9_.]{1,500}\/[A-Za-z0-9_]{1,200}$/;
const MAX_HOST_LENGTH = 253;

export interface GrpcOptions {
  allow: AllowList;
  resolve: Resolve;
  maxResponseBytes: number;
  userAgent: string;
}

export interface GrpcEgress {
  /**
   * Makes one call on a connection of its own and reads the whole answer.
   * @throws {HttpFailure} when there is no answer; its message names the host and never an address it resolved to
   * @throws {GrpcFailure} when the answer is a status other than OK
   * @throws the signal's reason when it aborts, or `HttpFailure` `timeout` when the reason is a `TimeoutError`
   */
  call(request: GrpcRequest, signal: AbortSignal): Promise<GrpcResponse>;
  /** Ends the calls under way. */
  close(): void;
}

export function openGrpc(options: GrpcOptions): GrpcEgress {
  const underWay = new Set<AbortController>();
  return {
    async call(request, signal) {
      const host = checkRequest(request);
      const controller = new AbortController();
      const giveUp = (): void => controller.abort(signal.reason);
      if (signal.aborted) giveUp();
      else signal.addEventListener('abort', giveUp, { once: true });
      underWay.add(controller);
      try {
        const target = await beforeAbort(checkTarget(host, request, options), controller.signal);
        // The library costs 40 ms and 10 MB, which a worker without gRPC calls does not pay.
        const { callOnce } = await import('./grpc-call.ts');
        return await callOnce(target, request, options, controller.signal);
      } catch (error) {
        if (signal.aborted) throw abortReason(signal, host);
        throw toHttpFailure(error, `${host}:${request.port}`);
      } finally {
        underWay.delete(controller);
        signal.removeEventListener('abort', giveUp);
      }
    },
    close() {
      for (const controller of underWay) controller.abort(new HttpFailure('network', 'the client is closed'));
    },
  };
}

/**
 * Checks what needs no look-up.
 * @returns the host in the form that URLs have it
 */
function checkRequest({ host, path, port }: GrpcRequest): string {
  if (!PATH.test(path)) throw invalid(`${JSON.stringify(path)} is not a method of a service`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(`${port} is not a port`);
  return hostName(host);
}

/**
 * Resolves the host and decides on TLS. One family is used, IPv4 when there is one: the library's target has one.
 * @throws {HttpFailure} `refused` when the host or the port is not to be reached
 */
async function checkTarget(
  host: string,
  { port, tls }: GrpcRequest,
  { allow, resolve }: GrpcOptions,
): Promise<GrpcTarget> {
  checkPort(String(port), host, allow);
  const resolved = await resolveGuarded(host, allow, resolve);
  const plaintext = tls === 'unless_allowed' && isAllowed(host, resolved, allow);
  const version4 = resolved.filter(({ address }) => isIP(address) === 4);
  return { host, port, tls: !plaintext, addresses: version4.length > 0 ? version4 : resolved };
}

function isAllowed(host: string, resolved: readonly ResolvedAddress[], allow: AllowList): boolean {
  if (allow.allowsHost(host)) return true;
  return resolved.every(({ address }) => {
    const parsed = parseAddress(address);
    return parsed !== null && allow.allowsAddress(parsed);
  });
}

/** The name or address in the form that URLs have it, so that no spelling gets past the guard. */
function hostName(text: string): string {
  if (isIP(text) === 6 && !text.includes('%')) return text;
  const url = `http://${text}/`;
  if (text.length > MAX_HOST_LENGTH || !/^[A-Za-z0-9._-]+$/.test(text) || !URL.canParse(url)) {
    throw invalid('the host is not a name or an address without scheme, port or path');
  }
  return new URL(url).hostname;
}

function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

function abortReason(signal: AbortSignal, host: string): unknown {
  const reason: unknown = signal.reason;
  if (reason instanceof DOMException && reason.name === 'TimeoutError') {
    return new HttpFailure('timeout', `${host} did not answer in time`, { cause: reason });
  }
  return reason;
}

const invalid = (message: string): HttpFailure => new HttpFailure('invalid', message);
