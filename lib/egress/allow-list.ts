/** The operator's exceptions (VESPID_EGRESS_ALLOW): hosts, `*.suffix` hosts, addresses and CIDR ranges. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { type Address, parseAddress } from './address.ts';

/** What outbound calls may reach although it is not public. */
export interface AllowList {
  allowsHost(host: string): boolean;
  allowsAddress(address: Address): boolean;
}

type Parsed = { ok: true; list: AllowList } | { ok: false; problems: string[] };
type Entry =
  | { kind: 'host'; host: string }
  | { kind: 'suffix'; suffix: string }
  | { kind: 'range'; base: Address; bits: number }
  | { kind: 'problem'; problem: string };

const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * Reads the entries of an allow list.
 * @param entries `api.internal`, `*.svc.local` (subdomains only), `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`, …
 * @returns the list, or every entry that is not one with what would be right
 */
export function parseAllowList(entries: readonly string[]): Parsed {
  const hosts = new Set<string>();
  const suffixes: string[] = [];
  const ranges: [Address, number][] = [];
  const problems: string[] = [];
  for (const text of entries) {
    const entry = parseEntry(text.trim());
    if (entry.kind === 'problem') problems.push(`${JSON.stringify(text)} ${entry.problem}`);
    else if (entry.kind === 'host') hosts.add(entry.host);
    else if (entry.kind === 'suffix') suffixes.push(entry.suffix);
    else ranges.push([entry.base, entry.bits]);
  }
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    list: {
      allowsHost(host) {
        const name = withoutTrailingDot(host.toLowerCase());
        return hosts.has(name) || suffixes.some((suffix) => name.endsWith(suffix) && name !== suffix);
      },
      allowsAddress(address) {
        return ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
      },
    },
  };
}

function parseEntry(text: string): Entry {
  if (text === '') return problem('is empty');
  if (text.includes('://')) return problem('is a URL; write its host alone');
  if (text.startsWith('[')) return problem('has brackets; write an IPv6 address without them');
  if (text.includes('/')) return parseRange(text);
  if (isIP(text) !== 0) {
    if (text.includes('%')) return problem('has a zone; write the address without it');
    const base = parseAddress(text);
    return base === null ? problem('is not an address') : { kind: 'range', base, bits: fullBits(base) };
  }
  if (/:\d*$/.test(text)) return problem('has a port; an entry is a host without one');
  if (text.startsWith('*.')) {
    const host = hostName(text.slice(2));
    return typeof host === 'string' ? { kind: 'suffix', suffix: `.${host}` } : host;
  }
  if (text.includes('*')) return problem('may have "*" only as the whole first label: *.example.org');
  const host = hostName(text);
  return typeof host === 'string' ? { kind: 'host', host } : host;
}

/** The name in the form that URLs have it (lower case, punycode), so that the two can be compared. */
function hostName(text: string): string | Entry {
  const notAHost = problem('is not a host, an address or a CIDR range');
  if (/[\s/?#@\\:]/.test(text) || !URL.canParse(`http://${text}`)) return notAHost;
  const host = withoutTrailingDot(new URL(`http://${text}`).hostname);
  if (isIP(host) !== 0) return problem(`is a short form of an address; write ${host}`);
  return HOST.test(host) ? host : notAHost;
}

function parseRange(text: string): Entry {
  const [address = '', length = '', ...rest] = text.split('/');
  const base = isIP(address) === 0 || address.includes('%') ? null : ipaddr.parse(address);
  if (base === null || rest.length > 0) return problem('is not a CIDR range such as 10.0.0.0/8 or fd00::/8');
  const max = fullBits(base);
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (!(bits <= max)) return problem(`needs a prefix length from 0 to ${max} after "/"`);
  const network = networkOf(base, bits);
  if (network.toString() !== base.toString()) {
    return problem(`has bits set after the prefix; write ${network.toString()}/${bits}`);
  }
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress()) {
    return problem('is IPv4-mapped; write the IPv4 range');
  }
  return { kind: 'range', base, bits };
}

/** The address with every bit after the prefix cleared. */
function networkOf(address: Address, bits: number): Address {
  const bytes = address.toByteArray().map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes);
}

function fullBits(address: Address): number {
  return address.kind() === 'ipv4' ? 32 : 128;
}

function problem(text: string): Entry {
  return { kind: 'problem', problem: text };
}

function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
