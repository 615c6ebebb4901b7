import { request } from 'node:http';
import { Hono } from 'hono';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Admission } from '../../../lib/http/admission.ts';
import type { App } from '../../../lib/http/app.ts';
import { openOverload } from '../../../lib/http/overload.ts';
import { openServer, type ApiServer } from '../../../lib/http/serve.ts';
import { openLog } from '../../../lib/telemetry/log.ts';
import { openMetrics } from '../../../lib/telemetry/metrics.ts';

const HOST = '127.0.0.1';
const RUNS = '/v1/orgs/o/workflows/w/runs';

let server: ApiServer | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await server?.stop(0);
});

/** A server whose application answers everything with 200, and the lines that are logged. */
async function serve() {
  const lines: Record<string, unknown>[] = [];
  const log = openLog('silent', 'test');
  log.warn = (line: unknown) => void lines.push(line as Record<string, unknown>);
  const metrics = openMetrics();
  const admission = new Admission();
  const overload = openOverload({ log, metrics, admission });
  const app: App = new Hono();
  app.all('*', (c) => c.text('served'));
  server = await openServer(app, { host: HOST, port: 0, overload });
  return { admission, overload, metrics, lines, port: server.port };
}

/** Takes every place that there is. */
function fill(admission: Admission): (() => void)[] {
  const leaves: (() => void)[] = [];
  for (;;) {
    const leave = admission.enter('o', 1);
    if (leave === null) return leaves;
    leaves.push(leave);
  }
}

interface Answer {
  status: number | undefined;
  headers: Record<string, unknown>;
  text: string;
}

/** `body` null: nothing of the announced body is sent. */
function send(port: number, method: string, path: string, body: string | null = '{}'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-length': body === null ? 1000 : Buffer.byteLength(body),
      'x-request-id': 'mine',
    };
    const sent = request({ host: HOST, port, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, text });
        sent.destroy();
      });
    });
    sent.on('error', reject);
    if (body === null) sent.flushHeaders();
    else sent.end(body);
  });
}

describe('a process that is full', () => {
  it('refuses creations with a problem, Retry-After and the request id, before it has read the body', async () => {
    const { admission, port } = await serve();
    fill(admission);
    for (const path of [RUNS, `${RUNS}/batch`, `${RUNS}?x=1`]) {
      const { status, headers, text } = await send(port, 'POST', path, null);
      expect(status).toBe(503);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(headers['x-request-id']).toBe('mine');
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(JSON.parse(text)).toMatchObject({
        code: 'QUEUE_UNAVAILABLE',
        status: 503,
        reason: 'overloaded',
        requestId: 'mine',
      });
    }
  });

  it('serves whatever creates no run, and creations as soon as there is room', async () => {
    const { admission, port } = await serve();
    const leaves = fill(admission);
    expect((await send(port, 'GET', RUNS)).text).toBe('served');
    expect((await send(port, 'POST', `${RUNS}/r/cancel`)).text).toBe('served');
    expect((await send(port, 'POST', '/v1/orgs/o/workflows')).text).toBe('served');
    expect((await send(port, 'POST', RUNS)).status).toBe(503);
    leaves.pop()?.();
    expect((await send(port, 'POST', RUNS)).text).toBe('served');
  });

  it('serves the creations of an org that has none under way, whatever the case of its id', async () => {
    const { admission, port } = await serve();
    fill(admission);
    expect((await send(port, 'POST', '/v1/orgs/another/workflows/w/runs')).text).toBe('served');
    expect((await send(port, 'POST', '/v1/orgs/O/workflows/w/runs')).status).toBe(503);
  });

  it('spreads the time after which those refused come again', async () => {
    const { overload } = await serve();
    const seconds = new Set(Array.from({ length: 9 }, () => overload.refuse(1).retryAfterSeconds));
    expect(seconds.size).toBeGreaterThan(1);
  });
});

describe('refusals', () => {
  it('are counted one by one and told in one line a second', async () => {
    const { overload, metrics, lines } = await serve();
    vi.useFakeTimers();
    overload.refuse(1);
    overload.refuse(1000);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'queue_unavailable', reason: 'overloaded', count: 1001 }),
    ]);
    overload.refuse(1);
    vi.advanceTimersByTime(1000);
    expect(lines[1]).toMatchObject({ count: 1 });
    const { text } = await metrics.render();
    expect(text).toContain('\nvespid_queue_unavailable_total 1002\n');
    expect(text).toContain('\nvespid_run_create_requests_total 1002\n');
  });
});
