import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../lib/http/problem.ts';
import { openTestApi, type TestApi, type TestOrg } from '../support/api.ts';
import { startTestRedis, waitUntil } from '../support/stack.ts';

const ROUTES = [
  'create-org',
  'create-api-key',
  'get-org',
  'health-live',
  'health-ready',
  'metrics',
  'openapi',
  'docs',
];

interface Ready {
  status: string;
  checks: { database: string; queue: string };
}

describe('a healthy service', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi({ routes: ROUTES });
  });
  afterAll(async () => api.close());

  it.each(['/health/live', '/livez'])('GET %s: 200', async (path) => {
    expect(await api.request('GET', path)).toMatchObject({ status: 200, body: { status: 'live' } });
  });

  it.each(['/health/ready', '/readyz'])('GET %s: 200 with the state of each part', async (path) => {
    const answer = await waitUntil(
      async () => {
        const ready = await api.request<Ready>('GET', path);
        return ready.body.checks.queue === 'up' && ready;
      },
      { what: 'the queue is known to be up' },
    );
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { database: 'up', queue: 'up' } },
    });
  });

  it('GET /metrics: the Prometheus text with the counters of the events', async () => {
    const { status, headers, text } = await api.request('GET', '/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('text/plain');
    expect(text).toContain('vespid_queue_unavailable_total 0');
  });

  it('GET /docs: one page that loads nothing from elsewhere', async () => {
    const { status, headers, text } = await api.request('GET', '/docs');
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });
});

describe('a service without Postgres', () => {
  let api: TestApi;
  let org: TestOrg;
  beforeAll(async () => {
    api = await openTestApi({ routes: ROUTES, env: { DATABASE_TIMEOUT_MS: '300' } });
    org = await api.createOrg();
    const url = new URL(api.databaseUrl);
    const name = url.pathname.slice(1);
    url.pathname = '/postgres';
    const admin = postgres(url.href, { max: 1 });
    await admin.unsafe(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
    await admin`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`;
    await admin.end();
  });
  afterAll(async () => api.close());

  it('is live, but not ready', async () => {
    expect((await api.request('GET', '/health/live')).status).toBe(200);
    const ready = await api.request<Ready>('GET', '/health/ready');
    expect(ready).toMatchObject({ status: 503, body: { status: 'not_ready', checks: { database: 'down' } } });
  });

  it('answers 503 DATABASE_UNAVAILABLE with Retry-After where Postgres is needed', async () => {
    const { status, headers, body } = await api.request<Problem>('GET', `/v1/orgs/${org.id}`, {
      key: org.key,
    });
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'DATABASE_UNAVAILABLE' });
    expect(headers.get('retry-after')).toMatch(/^\d+$/);
    expect(body.detail).not.toContain('127.0.0.1');
  });
});

describe('a service without Redis', () => {
  it('is ready, answers reads and tells that the queue is down', async () => {
    const redis = await startTestRedis();
    const api = await openTestApi({ routes: ROUTES, env: { REDIS_URL: redis.url } });
    try {
      await redis.kill('SIGKILL');
      await waitUntil(
        async () => (await api.request<Ready>('GET', '/health/ready')).body.checks.queue === 'down',
        {
          what: 'the queue is known to be down',
        },
      );
      expect((await api.request('GET', '/health/ready')).status).toBe(200);
      const org = await api.createOrg();
      expect((await api.request('GET', `/v1/orgs/${org.id}`, { key: org.key })).status).toBe(200);
    } finally {
      await api.close();
      await redis.stop();
    }
  });
});
