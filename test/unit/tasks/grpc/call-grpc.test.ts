/** `call: grpc`: JSON in, JSON out, and the language's errors, by the .proto kept with the version. */
import { describe, expect, it } from 'vitest';
import { GrpcFailure, HttpFailure, type GrpcRequest, type Json } from '../../../../lib/engine/types.ts';
import { call, failureOf, oracle, outputOf, PETS } from './kit.ts';

const Pet = oracle(PETS.replace(/.*Timestamp.*/, ''), 'pets.v1.Pet');
const GetRequest = oracle(PETS, 'pets.v1.GetRequest');
const Summary = oracle(PETS, 'pets.v1.Summary');
const pet = (object: object): Uint8Array => Pet.encode(Pet.fromObject(object)).finish();
const rex = { name: 'Rex', kind: 2, tags: ['old', 'good'], toys: { ball: { price: 1.5 } } };

describe('a call', () => {
  it('sends the arguments, evaluated, as the message of the method', async () => {
    const ran = await call(() => [pet(rex)], {
      arguments: { name: '${ .who }', limit: 3 },
      input: { who: 'Rex' },
    });
    expect(ran.outcome.kind).toBe('succeeded');
    const [request] = ran.requests;
    expect(request).toMatchObject({
      host: 'pets.example.org',
      port: 443,
      tls: 'always',
      path: '/pets.v1.Store/Get',
      metadata: { 'vespid-idempotency-key': expect.stringMatching(/\/do\/0\/call$/) },
    });
    expect(request?.messages.map((bytes) => GetRequest.decode(bytes).toJSON())).toEqual([
      { name: 'Rex', limit: 3 },
    ]);
  });

  it('gives the message of the answer by the canonical JSON mapping', async () => {
    const bytes = pet({
      ...rex,
      chip_number: '9007199254740993',
      cage: { bars: 7 },
      photo: 'AQI=',
      tame: false,
    });
    expect(await outputOf(call(() => [bytes]))).toEqual({
      name: 'Rex',
      chipNumber: '9007199254740993',
      kind: 'DOG',
      tags: ['old', 'good'],
      toys: { ball: { cost: 1.5 } },
      cage: { bars: 7 },
      photo: 'AQI=',
      tame: false,
    });
  });

  it('reads fields by both of their names, enums and 64-bit integers in both forms', async () => {
    const young = [
      { chip_number: 1, kind: 'CAT' },
      { chipNumber: '2', kind: 2, born: '2026-01-01T00:00:00Z' },
    ];
    const { requests } = await call(() => [Summary.encode({ count: 2 }).finish()], {
      method: 'Add',
      arguments: { young, weights: [1, 2, 3], toys: { a: { cost: 2 } } },
    });
    expect(requests[0]?.messages.map((bytes) => Pet.toObject(Pet.decode(bytes), { longs: String }))).toEqual([
      {
        toys: expect.objectContaining({ a: { price: 2 } }),
        weights: [1, 2, 3],
        young: [
          { chip_number: '1', kind: 1 },
          { chip_number: '2', kind: 2 },
        ].map((one) => expect.objectContaining(one)),
      },
    ]);
  });

  it('collects a stream of answers in order, an empty one too', async () => {
    const names = ['a', 'b', 'c'];
    const answers = names.map((name) => pet({ name }));
    expect(await outputOf(call(() => answers, { method: 'List' }))).toEqual(names.map((name) => ({ name })));
    expect(await outputOf(call(() => [], { method: 'List' }))).toEqual([]);
  });

  it('sends each item of an array to a method that takes a stream', async () => {
    const ran = await call(() => [Summary.encode({ count: 2 }).finish()], {
      method: 'Add',
      arguments: [{ name: 'a' }, { name: '${ .b }' }],
      input: { b: 'b' },
    });
    expect(ran.requests[0]?.messages.map((bytes) => Pet.toObject(Pet.decode(bytes))['name'])).toEqual([
      'a',
      'b',
    ]);
    expect(ran.outcome).toMatchObject({ output: { count: 2 } });
  });

  it.each([
    [undefined, 443, 'always'],
    [443, 443, 'always'],
    [50051, 50051, 'unless_allowed'],
  ])('with the port %s goes to %i, TLS %s', async (port, expected, tls) => {
    const { requests } = await call(() => [pet({})], { service: port === undefined ? {} : { port } });
    expect(requests[0]).toMatchObject({ port: expected, tls });
  });

  it('finds the service by its name in the package too', async () => {
    const { requests } = await call(() => [pet({})], { service: { name: 'Store' } });
    expect(requests[0]?.path).toBe('/pets.v1.Store/Get');
  });

  it('sends credentials as metadata', async () => {
    const { requests } = await call(() => [pet({})], {
      service: { authentication: { bearer: { token: '${ $secrets.pets }' } } },
      secrets: { pets: 'token-1' },
    });
    expect(requests[0]?.metadata['authorization']).toBe('Bearer token-1');
  });

  it('lets later stages read what was sent as credentials', async () => {
    const ran = call(() => [pet({ name: 'Rex' })], {
      service: { authentication: { basic: { username: 'a', password: 'b' } } },
      task: { output: { as: '${ [.name, $authorization.scheme] }' } },
    });
    expect(await outputOf(ran)).toEqual(['Rex', 'Basic']);
  });
});

describe('arguments that do not fit', () => {
  it.each([
    [{ nmae: 'x' }, '`arguments.nmae`: pets.v1.GetRequest has no such field'],
    [{ name: 5 }, '`arguments.name` must be string'],
    [{ limit: 'many' }, '`arguments.limit` must be int32'],
    [{ limit: 2 ** 31 }, '`arguments.limit` must be int32'],
    [{ limit: 1.5 }, '`arguments.limit` must be int32'],
    ['secret', '`arguments` must be an object (pets.v1.GetRequest)'],
    [[{}], '`arguments` must be an object (pets.v1.GetRequest)'],
  ])('%j: %s', async (arguments_, problem) => {
    const ran = call(() => [pet({})], { arguments: arguments_ });
    expect(await failureOf(ran)).toMatchObject({
      type: 'expression',
      status: 400,
      detail: `The arguments of the call: ${problem}.`,
      instance: '/do/0/call',
      retryable: false,
    });
    expect((await ran).requests).toEqual([]);
  });

  it.each([
    [{ kind: 'COW' }, '`arguments.kind` must be a value of pets.v1.Kind'],
    [{ tags: ['a', 1] }, '`arguments.tags[1]` must be string'],
    [{ tags: 'a' }, '`arguments.tags` must be an array of string'],
    [{ toys: { ball: { price: 'x' } } }, '`arguments.toys.ball.price` must be double'],
    [{ young: [{}, { young: [{ tame: 'no' }] }] }, '`arguments.young[1].young[0].tame` must be bool'],
    [{ born: 'yesterday' }, '`arguments.born` is not a valid google.protobuf.Timestamp'],
    [{ chip_number: '1e99' }, '`arguments.chip_number` must be int64'],
    [{ photo: '%' }, '`arguments.photo` must be bytes'],
  ])('%j: %s', async (arguments_, problem) => {
    const failure = await failureOf(call(() => [], { method: 'Add', arguments: arguments_ }));
    expect(failure.detail).toBe(`The arguments of the call: ${problem}.`);
  });

  it('two fields of a oneof', async () => {
    const failure = await failureOf(call(() => [], { method: 'Add', arguments: { house: 'x', cage: {} } }));
    expect(failure.detail).toContain('two of the same oneof are set');
  });

  it('nesting beyond what protobuf allows', async () => {
    let value: Json = {};
    for (let depth = 0; depth < 150; depth += 1) value = { young: [value] };
    const options = { method: 'Add', input: value, arguments: { young: '${ .young }' } };
    expect(await failureOf(call(() => [], options))).toMatchObject({
      type: 'expression',
      detail: 'The arguments of the call: `arguments` nest deeper than 100 levels.',
    });
  });

  it('is found in one pass, however deep it is', async () => {
    let value: Json = { tags: [...Array(20_000).fill('x'), 1] };
    for (let depth = 0; depth < 90; depth += 1) value = { young: [value] };
    const startedAt = performance.now();
    const failure = await failureOf(
      call(() => [], { method: 'Add', input: value, arguments: { young: '${ .young }' } }),
    );
    expect(failure.detail).toContain('.tags[20000]` must be string');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('is found in one pass, however many fields the messages have', async () => {
    const one = { name: 'x', age_months: 'no' };
    const input = { young: [...Array.from({ length: 20_000 }, () => ({ name: 'x' })), one] };
    const startedAt = performance.now();
    const failure = await failureOf(
      call(() => [], { method: 'Add', input, arguments: { young: '${ .young }' } }),
    );
    expect(failure.detail).toContain('`arguments.young[20000]');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('messages that would be too many to make', async () => {
    const input = { young: Array.from({ length: 100_000 }, () => ({})) };
    const failure = await failureOf(
      call(() => [], { method: 'Add', input, arguments: { young: '${ .young }' } }),
    );
    expect(failure.detail).toBe('The arguments of the call: `arguments` have too many values inside.');
  });
});

describe('no result', () => {
  const failing = (error: Error) =>
    failureOf(
      call(async () => {
        throw error;
      }),
    );

  it.each([
    [16, 'UNAUTHENTICATED', 'authentication', 401, false],
    [7, 'PERMISSION_DENIED', 'authorization', 403, false],
    [4, 'DEADLINE_EXCEEDED', 'timeout', 408, true],
    [3, 'INVALID_ARGUMENT', 'communication', 400, false],
    [5, 'NOT_FOUND', 'communication', 404, false],
    [8, 'RESOURCE_EXHAUSTED', 'communication', 429, true],
    [12, 'UNIMPLEMENTED', 'communication', 501, true],
    [13, 'INTERNAL', 'communication', 500, true],
    [14, 'UNAVAILABLE', 'communication', 503, true],
    [99, 'UNKNOWN (99)', 'communication', 500, true],
  ])('status %i %s is %s %i, retryable: %s', async (code, name, type, status, retryable) => {
    expect(await failing(new GrpcFailure(code, 'no such pet'))).toEqual({
      type,
      status,
      title: `pets.v1.Store/Get pets.example.org:443 answered ${name}`,
      detail: `pets.v1.Store/Get pets.example.org:443 answered ${name}: no such pet`,
      instance: '/do/0/call',
      retryable,
    });
  });

  it.each([
    ['refused', 'authorization', 403],
    ['network', 'communication', 500],
    ['timeout', 'timeout', 408],
    ['too_large', 'runtime', 500],
    ['invalid', 'expression', 400],
  ] as const)('a failure of the transport (%s) is %s %i', async (kind, type, status) => {
    expect(await failing(new HttpFailure(kind, 'the reason'))).toMatchObject({
      type,
      status,
      detail: 'pets.v1.Store/Get pets.example.org:443 failed: the reason.',
    });
  });

  it('a long message of the server is cut', async () => {
    const failure = await failing(new GrpcFailure(5, 'x'.repeat(10_000)));
    expect(failure.detail?.length).toBeLessThan(400);
  });

  it('the time limit of calls is a timeout and retryable', async () => {
    const never = (_: GrpcRequest, signal: AbortSignal): Promise<Uint8Array[]> =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    expect(await failureOf(call(never, { callTimeoutMs: 20 }))).toMatchObject({
      type: 'timeout',
      status: 408,
      detail: 'pets.v1.Store/Get pets.example.org:443 gave no answer within 20 ms.',
      retryable: true,
    });
  });

  it.each([
    [[Uint8Array.of(0x0a, 0x05, 0x41)], 'it is not a valid pets.v1.Pet'],
    [[Uint8Array.of(0xff)], 'it is not a valid pets.v1.Pet'],
    [[], 'it has 0 messages, and one was expected'],
    [[pet({}), pet({})], 'it has 2 messages, and one was expected'],
  ])('an answer that cannot be read is communication 422 and not retryable', async (messages, problem) => {
    expect(await failureOf(call(() => messages))).toMatchObject({
      type: 'communication',
      status: 422,
      detail: `The answer of pets.v1.Store/Get pets.example.org:443 cannot be read: ${problem}.`,
      retryable: false,
    });
  });

  it('a defect of the port is not taken for a failure of the call', async () => {
    await expect(call(() => Promise.reject(new TypeError('defect')))).rejects.toThrow('defect');
  });

  it('a version without the .proto text, or with another one, is a configuration error', async () => {
    const none = await failureOf(call(() => [], { proto: null }));
    expect([none.type, none.detail]).toEqual([
      'configuration',
      'The version keeps no .proto file for this call; publish it again.',
    ]);
    const other = await failureOf(call(() => [], { method: 'Sell' }));
    expect(other.detail).toBe(
      'The .proto file of the call: the service pets.v1.Store has no method Sell; there is Get, List, Add.',
    );
  });
});
