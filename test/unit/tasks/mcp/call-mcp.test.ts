/** `call: mcp`: one request in a session of its own, over the task's own way out, with nothing left behind. */
import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../../../lib/engine/types.ts';
import { call, events, initialized, json, outputOf, result, type Message, type Script } from './server.ts';

const SESSION = { 'mcp-session-id': 'session-1' };
/** Answers the call's own request. */
const answering =
  (answer: (message: Message) => HttpResponse | Promise<HttpResponse>): Script =>
  (message) => {
    if (message?.method === 'initialize') return initialized(message, '2025-06-18', SESSION);
    return message?.id === undefined ? undefined : answer(message);
  };
const event = (message: unknown, head = ''): string => `${head}data: ${JSON.stringify(message)}\n\n`;

describe('a call', () => {
  it('initializes, asks, and ends the session', async () => {
    const tools = {
      tools: [{ name: 'add', inputSchema: { type: 'object' }, extra: 1 }],
      more: { a: [null] },
    };
    const ran = await call(answering((message) => result(message, tools)));
    expect(ran.outcome).toEqual({ kind: 'succeeded', output: tools });
    expect(ran.story).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'DELETE']);
    const [first, second, third, last] = ran.seen.map(({ request }) => request.headers);
    expect(first).not.toHaveProperty('mcp-session-id');
    for (const headers of [second, third, last]) {
      expect(headers).toMatchObject({ 'mcp-session-id': 'session-1', 'mcp-protocol-version': '2025-06-18' });
    }
    expect(third?.['accept']).toContain('text/event-stream');
    expect(ran.seen.every(({ request }) => !request.followRedirects)).toBe(true);
  });

  it('gives a result of any size to the task alone: the client does not walk through it', async () => {
    const large = Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`k${n}`, 0]));
    await call(() => undefined);
    const startedAt = performance.now();
    const ran = await call(answering((message) => result(message, large)));
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(ran.outcome).toEqual({ kind: 'succeeded', output: large });
  });

  it('offers the revision and the client of the task, by default those of the language and of the service', async () => {
    const first = await call(() => undefined);
    expect(first.seen[0]?.message?.params).toEqual({
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'vespid', version: '0.1.0' },
    });
    const second = await call(() => undefined, {
      with: { protocolVersion: '2025-03-26', client: { name: '${ .me }', version: '9' } },
      input: { me: 'robot' },
    });
    expect(second.seen[0]?.message?.params).toMatchObject({
      protocolVersion: '2025-03-26',
      clientInfo: { name: 'robot', version: '9' },
    });
  });

  it('goes on with another revision that the server offers', async () => {
    const { outcome, seen } = await call((message) =>
      message?.method === 'initialize' ? initialized(message, '2024-11-05') : undefined,
    );
    expect(outcome.kind).toBe('succeeded');
    expect(seen[2]?.request.headers['mcp-protocol-version']).toBe('2024-11-05');
  });

  it('without a session id ends nothing', async () => {
    expect((await call(() => undefined)).story).not.toContain('DELETE');
  });

  it('sends parameters, evaluated, and the result of a tool as it is, its own error too', async () => {
    const failed = { content: [{ type: 'text', text: 'no such city' }], isError: true };
    const ran = await call(
      answering((message) => result(message, failed)),
      {
        with: { method: 'tools/call', parameters: { name: 'weather', arguments: { city: '${ .city }' } } },
        input: { city: 'Zagreb' },
      },
    );
    expect(ran.seen[2]?.message?.params).toEqual({ name: 'weather', arguments: { city: 'Zagreb' } });
    expect(ran.outcome).toEqual({ kind: 'succeeded', output: failed });
  });

  it.each(['prompts/list', 'prompts/get', 'resources/list', 'resources/read', 'resources/templates/list'])(
    '%s is a request like the others',
    async (method) => {
      const value = { [method]: [1, { a: null }], nextCursor: 'x' };
      const ran = await call(
        answering((message) => result(message, value)),
        { with: { method } },
      );
      expect(ran.story[2]).toBe(method);
      expect(ran.outcome).toEqual({ kind: 'succeeded', output: value });
    },
  );

  it('a tool with a schema for its output gives what it gives: no schema is compiled', async () => {
    const value = { content: [], structuredContent: { any: 'thing' } };
    const ran = call(
      answering((message) => result(message, value)),
      {
        with: { method: 'tools/call', parameters: { name: 'x' } },
      },
    );
    expect(await outputOf(ran)).toEqual(value);
  });

  it('sends the headers of the task with each message, and the idempotency key with the request alone', async () => {
    const { seen } = await call(
      answering((message) => result(message, {})),
      {
        http: { headers: { 'X-Team': '${ .team }', Accept: 'text/plain' } },
        input: { team: 'blue' },
      },
    );
    expect(seen.map(({ request }) => request.headers['x-team'])).toEqual(['blue', 'blue', 'blue', 'blue']);
    expect(seen.map(({ request }) => request.headers['vespid-idempotency-key'] !== undefined)).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(seen[2]?.request.headers['accept']).toContain('application/json');
  });

  it('sends credentials with each message', async () => {
    const { seen } = await call(
      answering((message) => result(message, {})),
      {
        http: {
          endpoint: {
            uri: 'https://mcp.example.org/',
            authentication: { bearer: { token: '${ $secrets.mcp }' } },
          },
        },
        secrets: { mcp: 'token-1' },
      },
    );
    expect(seen.map(({ request }) => request.headers['authorization'])).toEqual(
      Array(4).fill('Bearer token-1'),
    );
  });
});

describe('an answer in events', () => {
  const ask = (answer: (message: Message) => string[]) =>
    outputOf(call(answering((message) => events(...answer(message)))));

  it('is found among what else the server says, which is answered with nothing', async () => {
    const value = { tools: ['é\u2028'] };
    const ran = await call(
      answering((message) =>
        events(
          ': comment\n\n',
          event({ jsonrpc: '2.0', method: 'notifications/progress', params: {} }, 'id: 1\nevent: message\n'),
          event({ jsonrpc: '2.0', id: message.id, method: 'ping' }),
          event({ jsonrpc: '2.0', id: 99, result: 'of another' }),
          event({ jsonrpc: '2.0', id: message.id, result: 'not a message' }, 'event: other\n'),
          event({ jsonrpc: '2.0', id: message.id, result: value }, 'retry: 5\n'),
        ),
      ),
    );
    expect(ran.outcome).toEqual({ kind: 'succeeded', output: value });
    expect(ran.story).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'DELETE']);
  });

  it('may be in several lines of data and any line ends', async () => {
    expect(
      await ask(({ id }) => [`data: {"jsonrpc":"2.0",\r\ndata:"id":${id},\rdata: "result":{"a":1}}\r\n\r\n`]),
    ).toEqual({ a: 1 });
  });

  it('also to initialize, and in a batch', async () => {
    const ran = call((message) => {
      const answer = { jsonrpc: '2.0', id: message?.id };
      if (message?.method === 'initialize') {
        const value = {
          protocolVersion: '2025-03-26',
          capabilities: {},
          serverInfo: { name: 'a', version: '1' },
        };
        return events(event({ ...answer, result: value }));
      }
      return message?.id === undefined
        ? undefined
        : json([
            { jsonrpc: '2.0', method: 'x' },
            { ...answer, result: {} },
          ]);
    });
    expect(await outputOf(ran)).toEqual({});
  });
});
