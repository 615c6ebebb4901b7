import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readBody } from '../../../lib/http/body.ts';
import { openRoute, type Route } from '../../../lib/http/route.ts';
import { openServer, type ApiServer, type ConnectionLimits } from '../../../lib/http/serve.ts';
import { closedObject, storableText } from '../../../lib/http/shapes.ts';
import { openTestApp, publicRoute } from './app-under-test.ts';

const HOST = '127.0.0.1';
let server: ApiServer | undefined;

async function serve(
  routes: Route[],
  { stopping, ...limits }: { stopping?: AbortSignal } & Partial<ConnectionLimits> = {},
): Promise<string> {
  const { app } = openTestApp(routes, stopping === undefined ? {} : { stopping });
  server = await openServer(app, { host: HOST, port: 0 }, limits);
  return `http://${HOST}:${server.port}`;
}

afterEach(async () => {
  await server?.stop(0);
  server = undefined;
});

const bodyRoute = openRoute({
  name: 'probe',
  method: 'post',
  paths: ['/probe'],
  access: 'public',
  summary: '',
  answers: {},
  handler: async (context) =>
    context.c.json(await readBody(context, closedObject({ name: storableText(1, 10) }))),
});

/** Sends raw bytes and gives all that comes back until the server closes. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect({ host: HOST, port });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(text);
  await new Promise<void>((resolve, reject) => {
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
  return Buffer.concat(chunks).toString();
}

describe('bodies over a real connection', () => {
  it('answers 413 to 10 MB, announced or chunked, so that the client can read it', async () => {
    const base = await serve([bodyRoute]);
    const big = new Uint8Array(10 << 20).fill(0x20);
    const headers = { 'content-type': 'application/json' };
    const announced = await fetch(`${base}/probe`, { method: 'POST', body: big, headers });
    expect(announced.status).toBe(413);
    await announced.text();
    const stream = new Blob([big]).stream();
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: stream, headers, duplex: 'half' };
    const chunked = await fetch(`${base}/probe`, init);
    expect(chunked.status).toBe(413);
    expect(await chunked.json()).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('survives clients that go away in the middle of a body', async () => {
    const base = await serve([bodyRoute]);
    const socket = connect({ host: HOST, port: server?.port ?? 0 });
    socket.write(
      'POST /probe HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"na',
    );
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.destroy();
    const answer = await fetch(`${base}/probe`, {
      method: 'POST',
      body: '{"name":"next"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(await answer.json()).toEqual({ name: 'next' });
  });
});

describe('requests that are none', () => {
  it.each(['GET //[ HTTP/1.1\r\nhost: x', 'GET http://[ HTTP/1.1\r\nhost: x', 'GET / HTTP/1.1\r\nhost: a b'])(
    'answers %j with a problem document and a request id',
    async (head) => {
      await serve([]);
      const answer = await exchange(server?.port ?? 0, `${head}\r\nconnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 404 /);
      expect(answer).toMatch(/x-request-id: [0-9a-f-]{36}/i);
      expect(answer).toContain('"code":"NOT_FOUND"');
    },
  );
});

/** The status, the request id of the header and the problem of a raw answer. */
function read(answer: string): { status: number; requestId: string | undefined; problem: unknown } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1.1 (\d{3}) /.exec(head)?.[1]),
    requestId: /^x-request-id: (.*)$/im.exec(head)?.[1],
    problem: head.toLowerCase().includes('content-type: application/problem+json') ? JSON.parse(body) : null,
  };
}

function expectRefusal(text: string, status: number, title: string): void {
  const { requestId, problem, ...answer } = read(text);
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer).toEqual({ status });
  expect(problem).toEqual({ type: 'about:blank', title, status, detail: expect.any(String), requestId });
  expect(text).toMatch(/\r\nconnection: close\r\n/i);
}

describe('requests that the parser refuses', () => {
  it.each([
    ['a broken request line', 'nonsense\r\n\r\n'],
    ['NUL in a header', 'GET /probe HTTP/1.1\r\nhost: x\r\nx-a: a\0b\r\n\r\n'],
    ['a Content-Length that is no number', 'POST /probe HTTP/1.1\r\nhost: x\r\ncontent-length: 1x\r\n\r\n'],
    [
      'two Content-Lengths',
      'POST /probe HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    ],
    [
      'Content-Length beside Transfer-Encoding',
      'POST /probe HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a broken chunk', 'POST /probe HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    ['HTTP/1.1 without Host', 'GET /probe HTTP/1.1\r\n\r\n'],
  ])('400 with a problem document for %s', async (_name, text) => {
    await serve([bodyRoute]);
    expectRefusal(await exchange(server?.port ?? 0, text), 400, 'Bad Request');
  });

  it('431 for headers that are too large, also when more of them follows', async () => {
    await serve([bodyRoute]);
    const head = `GET /probe HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(200_000)}\r\n\r\n`;
    expectRefusal(await exchange(server?.port ?? 0, head), 431, 'Request Header Fields Too Large');
  });

  it('408 for headers that do not come to an end', async () => {
    await serve([bodyRoute], { headersTimeout: 50, connectionsCheckingInterval: 20 });
    const head = 'GET /probe HTTP/1.1\r\nhost: x\r\n';
    expectRefusal(await exchange(server?.port ?? 0, head), 408, 'Request Timeout');
  });

  it('never answers in the place of a request that came whole: it has its answer, then the end', async () => {
    await serve([publicRoute(async ({ c }) => c.json({ first: true }))]);
    const head = 'GET /probe HTTP/1.1\r\nhost: x\r\n\r\n';
    // In one piece, so that the parser is at the broken end before the handler answers.
    const text = await exchange(server?.port ?? 0, `${head}nonsense\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(text).toContain('{"first":true}');
    expect(text.match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  it('ignores an expectation it does not know', async () => {
    await serve([publicRoute(async ({ c }) => c.json({}))]);
    const head = 'GET /probe HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\nconnection: close\r\n\r\n';
    expect(read(await exchange(server?.port ?? 0, head)).status).toBe(200);
  });
});

describe('the Host of a request', () => {
  it.each([
    ['none in HTTP/1.0', 'GET /probe HTTP/1.0\r\n\r\n'],
    ['one with a space', 'GET /probe HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n'],
    ['an empty one', 'GET /probe HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n'],
    ['one with a path', 'GET /probe HTTP/1.1\r\nhost: a/b?c\r\nconnection: close\r\n\r\n'],
  ])('does not decide the route: %s', async (_name, text) => {
    await serve([publicRoute(async ({ c }) => c.json({ path: c.req.path }))]);
    const answer = await exchange(server?.port ?? 0, text);
    expect(read(answer).status).toBe(200);
    expect(answer).toContain('{"path":"/probe"}');
  });
});

describe('stop', () => {
  it('finishes requests in flight and takes no new ones', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let entered = (): void => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const base = await serve([
      publicRoute(async ({ c }) => {
        entered();
        await held;
        return c.json({ done: true });
      }),
    ]);
    const first = fetch(`${base}/probe`);
    await inside;
    const stopped = server?.stop(60_000);
    await expect(fetch(`${base}/probe`)).rejects.toThrow();
    release();
    expect(await (await first).json()).toEqual({ done: true });
    await stopped;
  });

  it('lets a stream end by itself when it sees the stop', async () => {
    const stopping = new AbortController();
    const base = await serve(
      [
        publicRoute(async ({ c, stopping: signal }) => {
          const stream = new ReadableStream({
            start(controller) {
              controller.enqueue(new TextEncoder().encode('first '));
              signal.addEventListener('abort', () => {
                controller.enqueue(new TextEncoder().encode('last'));
                controller.close();
              });
            },
          });
          return c.body(stream);
        }),
      ],
      { stopping: stopping.signal },
    );
    const answer = await fetch(`${base}/probe`);
    stopping.abort();
    const stopped = server?.stop(60_000);
    expect(await answer.text()).toBe('first last');
    await stopped;
  });

  it('cuts off at the end of the grace what does not end', async () => {
    const base = await serve([publicRoute(async ({ c }) => c.body(new ReadableStream()))]);
    const answer = await fetch(`${base}/probe`);
    await server?.stop(10);
    await expect(answer.text()).rejects.toThrow();
  });
});

describe('openServer', () => {
  it('says with EADDRINUSE that the port is taken', async () => {
    await serve([]);
    const { app } = openTestApp([]);
    await expect(openServer(app, { host: HOST, port: server?.port ?? 0 })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});
