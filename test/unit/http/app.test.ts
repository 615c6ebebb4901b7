import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../lib/errors.ts';
import { openRoute } from '../../../lib/http/route.ts';
import { ADMIN_TOKEN, openTestApp, ORG_ID, publicRoute, thingRoute } from './app-under-test.ts';

const problemOf = async (answer: Response): Promise<Record<string, unknown>> =>
  // A problem document is an object.
  (await answer.json()) as Record<string, unknown>;

describe('errors become problem documents (RFC 9457)', () => {
  it('shows an ApiError as it stands, with its extra members and Retry-After', async () => {
    const { get } = openTestApp([
      publicRoute(async () => {
        throw new ApiError('QUEUE_UNAVAILABLE', 'no queue', {
          retryAfterSeconds: 7,
          extra: { reason: 'oom', code: 'X' },
        });
      }),
    ]);
    const answer = await get('/probe', { 'x-request-id': 'abc' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('7');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await problemOf(answer)).toEqual({
      type: 'urn:vespid:problem:queue-unavailable',
      title: 'The queue could not take the run',
      status: 503,
      code: 'QUEUE_UNAVAILABLE',
      detail: 'no queue',
      requestId: 'abc',
      reason: 'oom',
    });
  });

  it('never shows the message of an unexpected error, but logs it under the request id', async () => {
    const { get, logged } = openTestApp([
      publicRoute(async () => {
        throw new Error('password=hunter2');
      }),
    ]);
    const answer = await get('/probe', { 'x-request-id': 'find-me' });
    expect(answer.status).toBe(500);
    const text = await answer.text();
    expect(text).toContain('INTERNAL');
    expect(text).not.toContain('hunter2');
    expect(logged.join()).toContain('find-me');
    expect(logged.join()).toContain('hunter2');
  });

  it('logs of a failed statement the code, never its values', async () => {
    const { get, logged } = openTestApp([
      publicRoute(async () => {
        const cause = Object.assign(new Error('duplicate key (name)=(secret)'), {
          name: 'PostgresError',
          code: '23505',
        });
        throw Object.assign(new Error('Failed query, params: secret', { cause }), {
          query: 'INSERT',
          params: ['secret'],
        });
      }),
    ]);
    expect((await get('/probe')).status).toBe(500);
    expect(logged.join()).toContain('23505');
    expect(logged.join()).not.toContain('secret');
  });

  it('maps an unreachable database in any handler to 503 with Retry-After', async () => {
    const { get } = openTestApp([
      publicRoute(async () => {
        throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
      }),
    ]);
    const answer = await get('/probe');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await problemOf(answer)).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });
});

describe('request ids', () => {
  const routes = [publicRoute(async ({ c, requestId }) => c.json({ requestId }))];

  it('takes a sane one from the request', async () => {
    const answer = await openTestApp(routes).get('/probe', { 'x-request-id': 'trace-1/2' });
    expect(answer.headers.get('x-request-id')).toBe('trace-1/2');
    expect(await answer.json()).toEqual({ requestId: 'trace-1/2' });
  });

  it.each(['a b', 'x'.repeat(129), 'ä', ''])('makes one instead of %j', async (given) => {
    const answer = await openTestApp(routes).get('/probe', { 'x-request-id': given });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is on errors and on unknown paths too', async () => {
    const answer = await openTestApp(routes).get('/nowhere', { 'x-request-id': 'lost' });
    expect(answer.headers.get('x-request-id')).toBe('lost');
    expect(await problemOf(answer)).toMatchObject({ code: 'NOT_FOUND', requestId: 'lost' });
  });
});

describe('methods', () => {
  it('names the methods of a path when another one is asked for', async () => {
    const { app } = openTestApp([publicRoute(async ({ c }) => c.json({}))]);
    const answer = await app.request('/probe', { method: 'DELETE' });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    expect(answer.headers.get('x-request-id')).not.toBeNull();
  });

  it('answers HEAD like GET without a body, and lets go of a stream behind it', async () => {
    let cancelled = false;
    const stream = (): ReadableStream => new ReadableStream({ cancel: () => void (cancelled = true) });
    const { app } = openTestApp([publicRoute(async ({ c }) => c.body(stream(), 200, { 'x-here': 'yes' }))]);
    const answer = await app.request('/probe', { method: 'HEAD' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-here')).toBe('yes');
    expect(answer.body).toBeNull();
    expect(cancelled).toBe(true);
  });
});

describe('stopping', () => {
  it('tells clients to close their connection', async () => {
    const stopping = new AbortController();
    const { get } = openTestApp([publicRoute(async ({ c }) => c.json({}))], { stopping: stopping.signal });
    expect((await get('/probe')).headers.get('connection')).toBeNull();
    stopping.abort();
    expect((await get('/probe')).headers.get('connection')).toBe('close');
  });
});

describe('the order of refusals', () => {
  it('asks who calls before it looks at ids and sizes', async () => {
    const { app } = openTestApp([thingRoute('workflows:read')]);
    const answer = await app.request('/v1/orgs/x/things/y', { headers: { 'content-length': '9999' } });
    expect(answer.status).toBe(401);
  });

  it('takes what is no UUID for what does not exist', async () => {
    const { get, key } = openTestApp([thingRoute('workflows:read')]);
    const headers = { authorization: `Bearer ${key}` };
    expect((await get(`/v1/orgs/${ORG_ID}/things/${ORG_ID}`, headers)).status).toBe(200);
    for (const path of [
      `/v1/orgs/${ORG_ID}/things/1`,
      `/v1/orgs/nope/things/${ORG_ID}`,
      `/v1/orgs/${ORG_ID}/things/%00`,
    ]) {
      expect((await get(path, headers)).status).toBe(404);
    }
  });

  it('refuses an announced body over the limit before the handler runs', async () => {
    let ran = false;
    const route = openRoute({
      name: 'probe',
      method: 'post',
      paths: ['/probe'],
      access: 'admin-token',
      summary: '',
      answers: {},
      handler: async ({ c }) => {
        ran = true;
        return c.json({});
      },
    });
    const { app } = openTestApp([route]);
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-length': '1025' };
    const answer = await app.request('/probe', { method: 'POST', headers });
    expect(answer.status).toBe(413);
    expect(ran).toBe(false);
  });
});
