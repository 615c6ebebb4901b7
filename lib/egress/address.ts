/** Which addresses belong to the public internet. Everything else is refused unless the operator allows it. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** The only IPv6 space that is globally routed (IANA IPv6 Address Space). */
const GLOBAL_UNICAST = ipaddr.IPv6.parse('2000::');
const GLOBAL_UNICAST_BITS = 3;

/** The well-known NAT64 prefix (RFC 6052, 2.1): the last 32 bits are the IPv4 address that is reached. */
const NAT64 = ipaddr.IPv6.parse('64:ff9b::');
const NAT64_BITS = 96;

/** Public by number, yet answered by the cloud's own host: Azure's WireServer. */
const CLOUD_INTERNAL = new Set(['168.63.129.16']);

/** The address a text form names, IPv4-mapped IPv6 as IPv4; null when it is not an address. */
export function parseAddress(text: string): Address | null {
  const family = isIP(text);
  if (family === 0) return null;
  // ipaddr.js reads "::8.8.8.8" as IPv4-mapped, which it is not; the URL form has no dots to mistake.
  const dotted = family === 6 && text.includes('.') && !text.includes('%');
  return ipaddr.process(dotted ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text);
}

/**
 * Whether an address is reachable over the public internet (IANA special-purpose registries): not private,
 * loopback, link-local, shared (CGNAT), documentation, benchmarking, multicast or reserved, and not an IPv6
 * form that carries such an IPv4 address. 6to4, Teredo and IPv4-compatible addresses are never public.
 */
export function isPublic(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) {
    return address.range() === 'unicast' && !CLOUD_INTERNAL.has(address.toString());
  }
  if (address.isIPv4MappedAddress()) return isPublic(address.toIPv4Address());
  if (address.match(NAT64, NAT64_BITS)) return isPublic(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return address.match(GLOBAL_UNICAST, GLOBAL_UNICAST_BITS) && address.range() === 'unicast';
}
