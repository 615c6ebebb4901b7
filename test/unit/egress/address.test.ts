import { describe, expect, it } from 'vitest';
import { isPublic, parseAddress } from '../../../lib/egress/address.ts';

const verdict = (text: string): boolean => {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is not an address`);
  return isPublic(address);
};

describe('public addresses may be reached', () => {
  it.each([
    '1.1.1.1',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('%s', (text) => {
    expect(verdict(text)).toBe(true);
  });
});

describe('every other class is refused', () => {
  it.each([
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private 10/8', '10.255.0.1'],
    ['private 172.16/12', '172.16.0.1'],
    ['private 172.16/12, end', '172.31.255.255'],
    ['private 192.168/16', '192.168.1.1'],
    ['shared (CGNAT)', '100.64.0.1'],
    ['Alibaba metadata', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['loopback, end', '127.255.255.254'],
    ['link-local', '169.254.1.1'],
    ['cloud metadata', '169.254.169.254'],
    ['Azure WireServer', '168.63.129.16'],
    ['IETF protocol assignments', '192.0.0.8'],
    ['documentation 1', '192.0.2.1'],
    ['documentation 2', '198.51.100.1'],
    ['documentation 3', '203.0.113.1'],
    ['6to4 relay', '192.88.99.1'],
    ['benchmarking', '198.19.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['v6 unspecified', '::'],
    ['v6 loopback', '::1'],
    ['v6 link-local', 'fe80::1'],
    ['v6 link-local with a zone', 'fe80::1%eth0'],
    ['v6 unique local', 'fd00::1'],
    ['AWS metadata', 'fd00:ec2::254'],
    ['v6 site-local', 'fec0::1'],
    ['v6 multicast', 'ff02::1'],
    ['v6 documentation', '2001:db8::1'],
    ['v6 documentation (RFC 9637)', '3fff::1'],
    ['v6 benchmarking', '2001:2::1'],
    ['v6 discard', '100::1'],
    ['v6 segment routing', '5f00::1'],
    ['v6 outside 2000::/3', '4000::1'],
    ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
    ['IPv4-mapped private, hexadecimal', '::ffff:a00:1'],
    ['IPv4-translated loopback', '::ffff:0:127.0.0.1'],
    ['IPv4-compatible loopback', '::127.0.0.1'],
    ['IPv4-compatible public', '::8.8.8.8'],
    ['NAT64 of a private address', '64:ff9b::10.0.0.1'],
    ['NAT64 of cloud metadata', '64:ff9b::169.254.169.254'],
    ['local-use NAT64', '64:ff9b:1::8.8.8.8'],
    ['6to4 of loopback', '2002:7f00:1::1'],
    ['6to4 of a public address', '2002:808:808::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['ORCHIDv2', '2001:20::1'],
  ])('%s: %s', (_, text) => {
    expect(verdict(text)).toBe(false);
  });
});
