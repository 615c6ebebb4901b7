import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../lib/egress/address.ts';
import { parseAllowList } from '../../../lib/egress/allow-list.ts';

const listOf = (...entries: string[]) => {
  const parsed = parseAllowList(entries);
  if (!parsed.ok) throw new Error(parsed.problems.join('; '));
  return {
    host: (host: string) => parsed.list.allowsHost(host),
    address: (text: string) => {
      const address = parseAddress(text);
      return address !== null && parsed.list.allowsAddress(address);
    },
  };
};

describe('entries allow what they say and nothing else', () => {
  it('a host, whatever its case or trailing dot', () => {
    const list = listOf('API.internal.');
    expect(list.host('api.internal')).toBe(true);
    expect(list.host('api.internal.')).toBe(true);
    expect(list.host('x.api.internal')).toBe(false);
    expect(list.host('api.internal.example.org')).toBe(false);
    expect(list.address('10.0.0.1')).toBe(false);
  });

  it('an international host in the form that URLs have', () => {
    expect(listOf('münchen.local').host('xn--mnchen-3ya.local')).toBe(true);
  });

  it('the subdomains of a suffix, not the suffix itself', () => {
    const list = listOf('*.svc.local');
    expect(list.host('a.svc.local')).toBe(true);
    expect(list.host('a.b.svc.local')).toBe(true);
    expect(list.host('svc.local')).toBe(false);
    expect(list.host('evilsvc.local')).toBe(false);
  });

  it('one address, in its IPv4-mapped form too', () => {
    const list = listOf('127.0.0.1', '::1');
    expect(list.address('127.0.0.1')).toBe(true);
    expect(list.address('::ffff:127.0.0.1')).toBe(true);
    expect(list.address('127.0.0.2')).toBe(false);
    expect(list.address('::1')).toBe(true);
    expect(list.address('::2')).toBe(false);
  });

  it('a range, of its own family only', () => {
    const list = listOf('10.0.0.0/8', 'fd00::/8');
    expect(list.address('10.255.255.255')).toBe(true);
    expect(list.address('11.0.0.0')).toBe(false);
    expect(list.address('fdff::1')).toBe(true);
    expect(list.address('fc00::1')).toBe(false);
    expect(listOf('0.0.0.0/0').address('::1')).toBe(false);
    expect(listOf('10.1.128.0/17').address('10.1.127.255')).toBe(false);
  });

  it('nothing when empty', () => {
    expect(listOf().host('localhost')).toBe(false);
    expect(listOf().address('127.0.0.1')).toBe(false);
  });
});

describe('what is not an entry is named with what would be right', () => {
  it.each([
    ['', 'is empty'],
    ['http://api.internal', 'is a URL; write its host alone'],
    ['api.internal:8080', 'has a port'],
    ['127.0.0.1:80', 'has a port'],
    ['[::1]', 'has brackets'],
    ['fe80::1%eth0', 'has a zone'],
    ['127.1', 'is a short form of an address; write 127.0.0.1'],
    ['2130706433', 'is a short form of an address; write 127.0.0.1'],
    ['0x7f.1', 'is a short form of an address; write 127.0.0.1'],
    ['*', 'only as the whole first label'],
    ['a.*.local', 'only as the whole first label'],
    ['*.', 'is not a host'],
    ['*.127.0.0.1', 'is a short form of an address'],
    ['a b', 'is not a host, an address or a CIDR range'],
    ['-a.local', 'is not a host, an address or a CIDR range'],
    ['user@host', 'is not a host, an address or a CIDR range'],
    ['10.0.0.0/33', 'needs a prefix length from 0 to 32'],
    ['fd00::/129', 'needs a prefix length from 0 to 128'],
    ['10.0.0.0/', 'needs a prefix length'],
    ['10.0.0.0/8/8', 'is not a CIDR range'],
    ['10.0.0/8', 'is not a CIDR range'],
    ['local/8', 'is not a CIDR range'],
    ['10.1.2.3/8', 'has bits set after the prefix; write 10.0.0.0/8'],
    ['fd12::1/16', 'has bits set after the prefix; write fd12::/16'],
    ['::ffff:10.0.0.0/104', 'write the IPv4 range'],
  ])('%j', (entry, problem) => {
    const parsed = parseAllowList(['ok.local', entry]);
    expect(parsed.ok ? [] : parsed.problems).toEqual([expect.stringContaining(problem)]);
  });

  it('all of them at once', () => {
    const parsed = parseAllowList(['a b', '*', '10.0.0.0/8']);
    expect(parsed.ok ? [] : parsed.problems).toHaveLength(2);
  });
});
