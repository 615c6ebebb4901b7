/**
 * The one place where outbound connections are made. It resolves the name, checks every address and hands
 * exactly those addresses to the socket: there is no second look-up that could answer differently.
 */
import { lookup as dnsLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { HttpFailure } from '../engine/types.ts';
import { isPublic, parseAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';

export interface ResolvedAddress {
  address: string;
  family: number;
}

/** Every address of a name. Rejects with a Node.js DNS error (`ENOTFOUND`, `EAI_AGAIN`) when there is none. */
export type Resolve = (host: string) => Promise<ResolvedAddress[]>;

/** getaddrinfo: the system's resolver, /etc/hosts included. */
export const resolveBySystem: Resolve = (host) => dnsLookup(host, { all: true });

const CONNECT_TIMEOUT_MS = 10_000;

/** A connector for undici whose sockets reach public addresses, and those of the allow list, only. */
export function guardedConnector(allow: AllowList, resolve: Resolve): buildConnector.connector {
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    autoSelectFamily: true,
    lookup: guardedLookup(allow, resolve),
  });
  return (options, callback) => {
    // node:net looks up names only, so an address in the URL is checked here.
    if (isIP(options.hostname) !== 0 && !mayReach(allow, options.hostname, options.hostname)) {
      queueMicrotask(() => callback(refusal(options.hostname, 'is not a public address'), null));
    } else connect(options, callback);
  };
}

/** `dns.lookup` for node:net that fails when any address of the name is not to be reached. */
function guardedLookup(allow: AllowList, resolve: Resolve): LookupFunction {
  const look = callbackify((host: string) => resolveChecked(host, allow, resolve));
  return (host, options, callback) => {
    look(host, (error, addresses) => {
      if (error !== null) callback(error, []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
  };
}

/**
 * Every address of a host, each of them checked; an address as the host is its own.
 * @throws {HttpFailure} `refused` when any is not to be reached, `network` when there is none
 * @throws what `resolve` rejects with
 */
export async function resolveGuarded(
  host: string,
  allow: AllowList,
  resolve: Resolve,
): Promise<[ResolvedAddress, ...ResolvedAddress[]]> {
  const family = isIP(host);
  if (family === 0) return resolveChecked(host, allow, resolve);
  if (!mayReach(allow, host, host)) throw refusal(host, 'is not a public address');
  return [{ address: host, family }];
}

async function resolveChecked(
  host: string,
  allow: AllowList,
  resolve: Resolve,
): Promise<[ResolvedAddress, ...ResolvedAddress[]]> {
  const [first, ...others] = await resolve(host);
  if (first === undefined) throw new HttpFailure('network', `the host ${host} has no address`);
  if (![first, ...others].every(({ address }) => mayReach(allow, host, address))) {
    throw refusal(host, 'resolves to an address that is not public');
  }
  return [first, ...others];
}

function mayReach(allow: AllowList, host: string, text: string): boolean {
  const address = parseAddress(text);
  if (address === null) return false;
  return isPublic(address) || allow.allowsHost(host) || allow.allowsAddress(address);
}

function refusal(host: string, why: string): HttpFailure {
  return new HttpFailure('refused', `the host ${host} ${why}; calls to it are not allowed`);
}
