/** .proto texts of tenants: read without running any of it, with precise problems, and bounded. */
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it, vi } from 'vitest';
import { checkProto } from '../../../../lib/tasks/grpc/check-proto.ts';
import { openMethod } from '../../../../lib/tasks/grpc/method.ts';
import { oracle, PETS } from './kit.ts';

const echo = (types: string, syntax = 'proto3'): string =>
  `syntax = "${syntax}"; service S { rpc M (A) returns (A); } ${types}`;

function methodOf(text: string) {
  const opened = openMethod(text, 'S', 'M');
  if (!opened.ok) throw new Error(opened.problem);
  return opened.value;
}

/** What a value becomes when it goes out and comes back. */
function roundTrip(text: string, value: object) {
  const method = methodOf(text);
  const encoded = method.encode(JSON.parse(JSON.stringify(value)));
  if (!encoded.ok) throw new Error(encoded.problem);
  const decoded = method.decode([encoded.value]);
  return decoded.ok ? decoded.value[0] : decoded.problem;
}

describe('checkProto', () => {
  it('finds nothing wrong with a file that has the method', () => {
    expect(checkProto(PETS, 'pets.v1.Store', 'Get')).toBeNull();
    expect(checkProto('service S { rpc M (A) returns (A); } message A {}', 'S', 'M')).toBeNull();
  });

  it.each([
    [PETS, 'Shop', 'Get', 'there is no service Shop; there is pets.v1.Store'],
    ['syntax = "proto3"; message A {}', 'S', 'M', 'there is no service S; there is none'],
    [PETS, 'pets.v1.Store', 'get', 'has no method get; there is Get, List, Add'],
    [echo('message A { B b = 1; }'), 'S', 'M', 'field A.b: the type B is not defined in the file'],
    [echo(''), 'S', 'M', 'method S.M: the type A is not defined'],
    [echo('enum A { Z = 0; }'), 'S', 'M', 'method S.M: A is not a message'],
    ['<html></html>', 'S', 'M', "illegal token '<' (line 1)"],
    ['syntax = "proto3"; message {', 'S', 'M', 'illegal type name'],
    ['edition = "2023"; message A {}', 'S', 'M', 'the syntax "edition 2023" is not supported'],
    [echo('message A { optional group G = 1 {} }', 'proto2'), 'S', 'M', 'A.G is a group'],
    [echo('message A { int32 __proto__ = 1; }'), 'S', 'M', 'the name `__proto__` is not supported'],
    [`// ${'x'.repeat(131_072)}`, 'S', 'M', 'it is longer than 131072 characters'],
    [echo('message A { int32 a = 1; int32 b = 1; }'), 'S', 'M', 'duplicate id 1'],
    [echo('message A { int32 a = 0; }'), 'S', 'M', 'field A.a: its number must be from 1 to'],
    ['', 'S', 'M', 'there is no service S'],
  ])('%#: names the problem', (text, service, method, problem) => {
    expect(checkProto(text, service, method)).toContain(problem);
  });

  it('compiles no code, whatever the names are', () => {
    const compiled = vi.spyOn(globalThis, 'Function');
    const resolved = vi.spyOn(protobuf.Field.prototype, 'resolve');
    try {
      methodOf(
        PETS.replace('service Store', 'service S')
          .replace('rpc Get ', 'rpc M ')
          .replace('package pets.v1;', ''),
      );
      expect(resolved).not.toHaveBeenCalled();
      expect(compiled).not.toHaveBeenCalled();
      // The other way to use the same text does compile, so the spies see what they are for.
      oracle(PETS, 'pets.v1.GetRequest').create({});
      expect(compiled).toHaveBeenCalled();
    } finally {
      vi.restoreAllMocks();
    }
  });

  it('leaves Object.prototype alone', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).toSorted();
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      for (const text of [
        `message A { int32 ${name} = 1; } `,
        `message ${name} { int32 x = 1; } message A {}`,
        `enum E { ${name} = 0; } message A { E e = 1; }`,
        `option (${name}).polluted = 1; option (a).${name}.polluted = 1; message A {}`,
        `package ${name}.${name}; message A {}`,
      ]) {
        checkProto(echo(text), 'S', 'M');
      }
    }
    expect(Object.getOwnPropertyNames(Object.prototype).toSorted()).toEqual(before);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('never throws, on any piece of a file', () => {
    const tokens = PETS.split(/(\s+|[{}();=<>,])/).filter((token) => token.trim() !== '');
    const pieces = fc.array(fc.oneof(fc.constantFrom(...tokens), fc.string()), { maxLength: 60 });
    fc.assert(
      fc.property(pieces, (piece) => {
        const problem = checkProto(piece.join(' '), 'S', 'M');
        expect(problem === null || typeof problem === 'string').toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['messages inside messages', 'message A { '.repeat(5000)],
    ['options inside options', `option (o) = ${'{ a: '.repeat(5000)}`],
    ['a package of many parts', `package ${'a.'.repeat(40_000)}a; message A {}`],
    ['many messages', Array.from({ length: 5000 }, (_, index) => `message M${index} {}`).join(' ')],
    [
      'fields of many oneofs',
      `message A { ${Array.from({ length: 1100 }, (_, index) => `oneof o${index} { A a${index} = ${index + 1}; }`).join('')} }`,
    ],
    [
      'many fields',
      `message A { ${Array.from({ length: 8000 }, (_, index) => `A a${index}=${index + 1};`).join('')} }`,
    ],
    [
      'many reserved ranges',
      `message A { reserved ${Array.from({ length: 20_000 }, (_, i) => i + 1).join(',')}; }`,
    ],
    ['a long comment', `/*${'*'.repeat(100_000)}`],
    ['a long string', `option x = "${'\\'.repeat(100_000)}`],
    ['an unknown type many scopes deep', `${'message A { '.repeat(30)} B b = 1; ${'}'.repeat(30)}`],
  ])('%s take less than a second', (_, text) => {
    const startedAt = performance.now();
    checkProto(`syntax = "proto3"; ${text}`, 'S', 'M');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe('the language of .proto files', () => {
  it.each([
    [
      'scalars',
      'message A { double a = 1; float b = 2; sint64 c = 3; fixed32 d = 4; bool e = 5; }',
      { a: 0.5, b: -2, c: '-9', d: 7, e: true },
    ],
    [
      'nested types and scopes',
      'message A { B b = 1; .A.B c = 2; A.B d = 3; message B { E e = 1; } enum E { X = 0; Y = 1; } }',
      { b: { e: 'Y' }, c: {}, d: { e: 'Y' } },
    ],
    [
      'maps',
      'message A { map<int32, string> a = 1; map<string, A> b = 2; map<bool, E> c = 3; } enum E { X = 0; }',
      { a: { 1: 'x' }, b: { k: { a: { 2: 'y' } } }, c: { true: 'X' } },
    ],
    [
      'oneofs and optional',
      'message A { oneof o { int32 a = 1; string b = 2; } optional int32 c = 3; }',
      { b: '', c: 0 },
    ],
    [
      'names in JSON',
      'message A { int32 snake_case_1 = 1; int32 b = 2 [json_name = "@b"]; }',
      { snakeCase1: 1, '@b': 2 },
    ],
    [
      "Google's types",
      'import "google/protobuf/struct.proto"; import "google/protobuf/duration.proto"; import "google/protobuf/wrappers.proto"; import "google/protobuf/any.proto"; message A { google.protobuf.Struct a = 1; google.protobuf.Duration b = 2; google.protobuf.Int64Value c = 3; google.protobuf.Any d = 4; }',
      {
        a: { x: [1, null, { y: 'z' }] },
        b: '1.500s',
        c: '12',
        d: { '@type': 'type.googleapis.com/A', b: '2s' },
      },
    ],
  ])('%s go out and come back', (_, types, value) => {
    expect(roundTrip(withImports(types), value)).toEqual(value);
  });

  it('proto2: required, defaults and unpacked lists', () => {
    const text = echo(
      'message A { required int32 a = 1; optional int32 b = 2 [default = 7]; repeated int32 c = 3; }',
      'proto2',
    );
    expect(roundTrip(text, { a: 0, c: [1, 2] })).toEqual({ a: 0, c: [1, 2] });
    expect(methodOf(text).encode({ c: [] })).toEqual({
      ok: false,
      problem: expect.stringContaining('required'),
    });
    const encoded = methodOf(text).encode({ a: 1, c: [1, 2] });
    expect(encoded.ok && [...encoded.value]).toEqual([0x08, 1, 0x18, 1, 0x18, 2]);
  });

  it('is encoded as another implementation encodes it', () => {
    const types =
      'message A { int32 a = 1; sint64 b = 2; repeated uint32 c = 3; repeated uint32 d = 4 [packed = false]; map<string, A> e = 5; bytes f = 6; string g = 7; A h = 8; float i = 9; fixed64 j = 10; }';
    const method = methodOf(echo(types));
    const A = oracle(echo(types), 'A');
    const form = { longs: String, bytes: String, defaults: true };
    const leaf = {
      a: fc.integer(),
      b: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String),
      c: fc.array(fc.nat()),
      d: fc.array(fc.nat()),
      f: fc.base64String(),
      g: fc.string({ unit: 'grapheme' }),
      i: fc.float({ noNaN: true, noDefaultInfinity: true }),
      j: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
    };
    const value = fc.record({ ...leaf, h: fc.record(leaf, { requiredKeys: [] }) }, { requiredKeys: [] });
    fc.assert(
      fc.property(value, (object) => {
        const encoded = method.encode(object);
        if (!encoded.ok) throw new Error(encoded.problem);
        const read = A.toObject(A.decode(encoded.value), form);
        const expected = A.toObject(A.decode(A.encode(A.fromObject(object)).finish()), form);
        expect(JSON.stringify(read)).toBe(JSON.stringify(expected));
      }),
      { numRuns: 200 },
    );
  });
});

/** Field 1 with so many ones. */
const packedOnes = (count: number): Buffer =>
  Buffer.concat([Buffer.from([0x0a]), varint(count), Buffer.alloc(count, 1)]);

describe('answers', () => {
  const method = methodOf(
    withImports(
      'import "google/protobuf/any.proto"; message A { repeated A a = 1; map<string, A> b = 2; google.protobuf.Any c = 3; }',
    ),
  );

  it.each([
    ['repeated', Buffer.concat(Array(100_001).fill(Buffer.from([0x0a, 0])))],
    ['in a map', Buffer.concat(Array(60_000).fill(Buffer.from([0x12, 2, 0x12, 0])))],
    [
      'in an Any',
      (() => {
        const inner = Buffer.concat(Array(100_001).fill(Buffer.from([0x0a, 0])));
        const url = Buffer.from('\n\x05x.o/A');
        const any = Buffer.concat([url, Buffer.from([0x12]), varint(inner.length), inner]);
        return Buffer.concat([Buffer.from([0x1a]), varint(any.length), any]);
      })(),
    ],
  ])('more than 100,000 messages %s are refused before they are made', (_, bytes) => {
    expect(method.decode([bytes])).toEqual({ ok: false, problem: 'it has more than 100000 messages inside' });
  });

  it.each([
    ['messages of a large type', 'repeated L a = 1;', Buffer.alloc(180_000, Buffer.from([0x0a, 0]))],
    ['packed 64-bit integers', 'repeated int64 a = 1;', packedOnes(4_000_000)],
    ['packed integers', 'repeated int32 a = 1;', packedOnes(4_000_000)],
    ['integers one by one', 'repeated int32 a = 1 [packed = false];', Buffer.alloc(4_000_000, '\x08\x01')],
    ['empty texts', 'repeated string a = 1;', Buffer.alloc(4_000_000, Buffer.from([0x0a, 0]))],
  ])('of few bytes that would become many %s are refused in time', (_, field, bytes) => {
    const fields = Array.from({ length: 990 }, (__, index) => `int32 f${index} = ${index + 1};`).join('');
    const large = methodOf(echo(`message A { ${field} } message L { ${fields} }`));
    const startedAt = performance.now();
    expect(large.decode([bytes])).toEqual({ ok: false, problem: 'it has too many values inside' });
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('a million packed numbers are taken', () => {
    const decoded = methodOf(echo('message A { repeated int32 a = 1; }')).decode([packedOnes(1_000_000)]);
    expect(decoded.ok).toBe(true);
  });

  it('the messages of a stream share the bound', () => {
    const bytes = Buffer.concat(Array(1000).fill(Buffer.from([0x0a, 0])));
    expect(method.decode(Array(99).fill(bytes)).ok).toBe(true);
    expect(method.decode(Array(101).fill(bytes)).ok).toBe(false);
  });

  it('nesting beyond 100 levels is refused', () => {
    let bytes = Buffer.alloc(0);
    for (let depth = 0; depth < 5000; depth += 1)
      bytes = Buffer.concat([Buffer.from([0x0a]), varint(bytes.length), bytes]);
    expect(method.decode([bytes])).toEqual({ ok: false, problem: 'it nests deeper than 100 levels' });
  });

  it('never throw, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(typeof method.decode([bytes]).ok).toBe('boolean');
      }),
      { numRuns: 1000 },
    );
  });
});

/** Imports come before the service. */
function withImports(types: string): string {
  const imports = types.match(/import "[^"]*";/g) ?? [];
  return echo(types.replace(/import "[^"]*";/g, '')).replace('service', `${imports.join('')} service`);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
