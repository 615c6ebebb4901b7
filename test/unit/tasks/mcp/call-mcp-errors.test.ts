/** What can go wrong with `call: mcp`, and how long it may take. */
import { describe, expect, it } from 'vitest';
import { HttpFailure, type HttpResponse } from '../../../../lib/engine/types.ts';
import type { FakePorts } from '../../../support/engine-ports.ts';
import {
  call,
  events,
  failureOf,
  initialized,
  json,
  result,
  silence,
  status,
  type Message,
  type Script,
} from './server.ts';

const SESSION = { 'mcp-session-id': 'session-1' };
/** Answers the call's own request. */
const answering =
  (answer: (message: Message) => HttpResponse | Promise<HttpResponse>): Script =>
  (message) => {
    if (message?.method === 'initialize') return initialized(message, '2025-06-18', SESSION);
    return message?.id === undefined ? undefined : answer(message);
  };

describe('no result', () => {
  it.each([
    ['empty lines', '\n'.repeat(4_000_000)],
    ['tiny events', 'data:1\n\n'.repeat(500_000)],
  ])('a stream of millions of %s is refused in time', async (_, stream) => {
    const startedAt = performance.now();
    const failure = await failureOf(call(answering(() => events(stream))));
    expect(failure.detail).toContain('its stream has more than 20000 lines');
    expect(failure.status).toBe(422);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  it('a server that says megabytes about itself is not listened to', async () => {
    const capabilities = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, {}]));
    const ran = call((message) => {
      if (message?.method !== 'initialize') return undefined;
      const serverInfo = { name: 'test', version: '1' };
      return result(message, { protocolVersion: '2025-06-18', capabilities, serverInfo });
    });
    expect((await failureOf(ran)).detail).toContain('it has more than 65536 bytes and is not the result');
  });

  it('an error of JSON-RPC is a runtime error with its code in the title', async () => {
    const error = { code: -32602, message: 'Unknown tool: x', data: { secret: 'y' } };
    const ran = call(answering(({ id }) => json({ jsonrpc: '2.0', id, error })));
    expect(await failureOf(ran)).toEqual({
      type: 'runtime',
      status: 500,
      title: 'MCP tools/list mcp.example.org answered error -32602',
      detail: expect.stringContaining('Unknown tool: x'),
      instance: '/do/0/call',
      retryable: false,
    });
    expect((await ran).story).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'DELETE']);
  });

  it.each([
    [401, 'authentication', 401, false],
    [403, 'authorization', 403, false],
    [404, 'communication', 404, false],
    [307, 'communication', 307, false],
    [500, 'communication', 500, true],
  ])('HTTP %i is %s %i, at any step', async (code, type, expected, retryable) => {
    for (const step of ['initialize', 'notifications/initialized', 'tools/list']) {
      const failure = await failureOf(
        call((message) => (message?.method === step ? status(code) : undefined)),
      );
      expect(failure).toMatchObject({ type, status: expected, retryable });
      expect(failure.detail).not.toContain('key');
    }
  });

  it.each([
    ['refused', 'authorization', 403],
    ['network', 'communication', 500],
    ['too_large', 'runtime', 500],
  ] as const)('a failure of the transport (%s) is %s %i', async (kind, type, expected) => {
    const failure = await failureOf(call(() => Promise.reject(new HttpFailure(kind, 'the reason'))));
    expect(failure).toMatchObject({ type, status: expected, detail: expect.stringContaining('the reason') });
  });

  it.each<[string, (message: Message) => HttpResponse, string]>([
    ['that is no JSON', () => ({ ...json(0), body: Buffer.from('{') }), 'it is not valid JSON'],
    [
      'that nests too deep',
      () => ({ ...json(0), body: Buffer.from('['.repeat(1000)) }),
      'it nests deeper than',
    ],
    [
      'of another request',
      () => json({ jsonrpc: '2.0', id: 77, result: {} }),
      'it holds no answer to the request',
    ],
    ['of HTML', () => ({ ...json(0), headers: { 'content-type': 'text/html' } }), 'its content is neither'],
    ['without content', () => status(202), 'its content is neither'],
    ['of events without an answer', () => events(': nothing\n\n'), 'it holds no answer to the request'],
    ['that is no JSON-RPC', ({ id }) => json({ id, result: {} }), 'it breaks the protocol'],
  ])('an answer %s is communication 422 and not retryable', async (_, answer, problem) => {
    expect(await failureOf(call(answering(answer)))).toMatchObject({
      type: 'communication',
      status: 422,
      detail: expect.stringContaining(
        `The answer of MCP tools/list mcp.example.org cannot be used: ${problem}`,
      ),
      retryable: false,
    });
  });

  it('a server of an unknown revision breaks the protocol', async () => {
    const ran = call((message) =>
      message?.method === 'initialize' ? initialized(message, '1999-01-01') : undefined,
    );
    expect(await failureOf(ran)).toMatchObject({ type: 'communication', status: 422 });
    expect((await ran).story).toEqual(['initialize']);
  });

  it('a revision that is not supported is a configuration error and sends nothing', async () => {
    const ran = call(() => undefined, { with: { protocolVersion: '2099-01-01' } });
    expect(await failureOf(ran)).toMatchObject({
      type: 'configuration',
      detail: expect.stringContaining('2025-06-18'),
    });
    expect((await ran).seen).toEqual([]);
  });

  it('parameters that are no object are an expression error', async () => {
    const ran = call(() => undefined, { with: { parameters: '${ .x }' }, input: { x: [1] } });
    expect(await failureOf(ran)).toMatchObject({ type: 'expression', status: 400 });
  });

  it('a defect of the port is not taken for a failure of the call', async () => {
    await expect(call(() => Promise.reject(new TypeError('defect')))).rejects.toThrow('defect');
  });
});

describe('time', () => {
  const slow: Script = (message, _, signal) => {
    if (message?.method === 'initialize') return initialized(message, '2025-06-18', SESSION);
    return message?.id === undefined ? undefined : silence(signal);
  };

  it('the time limit of calls is a timeout, and the session is ended', async () => {
    const ran = call(slow, { callTimeoutMs: 30 });
    expect(await failureOf(ran)).toMatchObject({
      type: 'timeout',
      status: 408,
      detail: 'MCP tools/list mcp.example.org gave no answer within 30 ms.',
      retryable: true,
    });
    expect((await ran).story).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'DELETE']);
  });

  it('a task may set a shorter one, not a longer one', async () => {
    const timeout = { milliseconds: 20 };
    const shorter = await failureOf(call(slow, { callTimeoutMs: 5000, with: { timeout } }));
    expect(shorter.detail).toContain('within 20 ms');
    const longer = await failureOf(call(slow, { callTimeoutMs: 30, with: { timeout: 'PT1H' } }));
    expect(longer.detail).toContain('within 30 ms');
  });

  it.each(['initialize', 'tools/list'])(
    'an interruption during %s ends it, and nothing more is sent',
    async (step) => {
      let ports: FakePorts | undefined;
      const ran = await call(
        (message, request, signal) => {
          if (message?.method !== step) return slow(message, request, signal);
          ports?.interrupt('cancelled', true);
          return silence(signal);
        },
        { prepare: (given) => (ports = given) },
      );
      expect(ran.outcome).toEqual({ kind: 'interrupted', reason: 'cancelled' });
      expect(ran.story.at(-1)).toBe(step);
    },
  );

  it.each([status(405), status(500), new HttpFailure('network', 'gone')])(
    'a session that cannot be ended changes nothing',
    async (answer) => {
      const ran = await call((message, request) => {
        if (request.method !== 'DELETE')
          return answering((asked) => result(asked, { a: 1 }))(
            message,
            request,
            new AbortController().signal,
          );
        return answer instanceof Error ? Promise.reject(answer) : answer;
      });
      expect(ran.outcome).toEqual({ kind: 'succeeded', output: { a: 1 } });
      expect(ran.story.at(-1)).toBe('DELETE');
    },
  );
});
