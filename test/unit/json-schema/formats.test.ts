/** The formats that are assertions. */
import { expect, it } from 'vitest';
import { isValid } from './check.ts';

const CASES: [format: string, valid: string[], invalid: string[]][] = [
  [
    'date-time',
    [
      '2026-01-31T12:00:00Z',
      '1992-02-29t00:00:00.5+01:00',
      '1998-12-31T23:59:60Z',
      '1998-12-31T15:59:60-08:00',
    ],
    [
      '2026-01-31',
      '2026-02-30T12:00:00Z',
      '2026-01-31T24:00:00Z',
      '2026-01-31T12:00:00',
      '1998-12-31T22:59:60Z',
      '2026-01-31 12:00:00Z',
    ],
  ],
  [
    'date',
    ['2024-02-29', '2026-12-31'],
    ['2023-02-29', '2026-13-01', '2026-1-1', '1900-02-29', '２026-01-01'],
  ],
  ['time', ['12:00:00Z', '23:59:59.999+23:59'], ['12:00Z', '12:00:00', '12:60:00Z', '12:00:00+24:00']],
  [
    'email',
    ['a@b.example', 'a.b+c@b.example', '"a b"@b.example', 'a@[127.0.0.1]', 'a@[IPv6:::1]'],
    ['a', '@b', 'a@', 'a..b@c', '.a@c', 'a b@c', 'a@-b'],
  ],
  [
    'uri',
    ['https://example.com/a?b#c', 'urn:x:y', 'mailto:a@b', 'http://[::1]:80/'],
    ['/a', 'a b:c', 'http://[::1', 'http://a/%zz', 'http://a/<b>', '//a', 'http://a:b/'],
  ],
  [
    'uuid',
    ['0198c0de-0000-7000-8000-000000000001', '0198C0DE-0000-7000-8000-000000000001'],
    ['0198c0de000070008000000000000001', '0198c0de-0000-7000-8000-00000000000g'],
  ],
  ['ipv4', ['127.0.0.1', '255.255.255.255'], ['256.0.0.1', '1.2.3', '01.2.3.4', '1.2.3.4.5', '1.2.3.٤']],
  [
    'ipv6',
    ['::', '::1', '1:2:3:4:5:6:7:8', '1::8', '::ffff:1.2.3.4', '1:2:3:4:5:6:1.2.3.4'],
    [':', ':::', '1::2::3', '1:2:3:4:5:6:7', '12345::', '::1%eth0', '1:2:3:4:5:6:7:8:9', '::1.2.3'],
  ],
  [
    'hostname',
    ['example.com', 'a-b.c', 'xn--nxasmq6b', `${'a'.repeat(63)}.com`],
    ['', '-a', 'a-', 'a..b', 'a_b', `${'a'.repeat(64)}.com`, 'ab--c', 'a.'],
  ],
];

it.each(CASES)('%s', (format, valid, invalid) => {
  const schema = { format };
  expect(valid.filter((text) => !isValid(schema, text))).toEqual([]);
  expect(invalid.filter((text) => isValid(schema, text))).toEqual([]);
  expect(isValid(schema, 1)).toBe(true);
});

it.each(['duration', 'iri', 'regex', 'json-pointer', 'made-up'])('%s is an annotation', (format) => {
  expect(isValid({ format }, '\u0000')).toBe(true);
});
