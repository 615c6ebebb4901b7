/** The accept contract at the default deadline: Redis out of reach, a wrong password, and a queue that is emptied. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrg } from '../../support/client.ts';
import { expectContractThrough, expectRefusedThroughout } from '../../support/outage.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { flushed, onRedis, unreachable } from '../../support/redis-faults.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

/** WORKFLOW_ENQUEUE_TIMEOUT_MS is not set here. */
const DEFAULT_DEADLINE_MS = 2000;
let stack: RunStack;
let proxy: TcpProxy;

beforeAll(async () => {
  stack = await openRunStack({
    apiEnv: async (env) => {
      proxy = await openTcpProxy(env.REDIS_URL);
      return { REDIS_URL: proxy.through(env.REDIS_URL) };
    },
  });
});
afterAll(async () => {
  await stack.close();
  await proxy.close();
});

describe('every 201 ends, every 503 leaves nothing', () => {
  it('while every packet between the API and Redis is dropped', async () => {
    const options = { deadlineMs: DEFAULT_DEADLINE_MS, lastsMs: 3800 };
    const outage = await expectContractThrough(stack, unreachable(proxy), options);
    expectRefusedThroughout(outage);
    const waited = outage.samples.filter(({ code, latencyMs }) => code !== null && latencyMs > 1500);
    expect(waited.length).toBeGreaterThan(0);
  });

  it('and every run that was accepted outlives a FLUSHALL', async () => {
    const outage = await expectContractThrough(stack, flushed(stack.redis), {
      deadlineMs: DEFAULT_DEADLINE_MS,
      lastsMs: 1000,
    });
    expect(outage.samples.filter(({ status }) => status !== 201)).toEqual([]);
  });
});

it('runs are accepted within 5 s although the connection died without a word and never comes back', async () => {
  const start = () => stack.org.start(stack.workflowId);
  await waitUntil(async () => (await start()).status === 201, { what: 'runs are accepted' });
  proxy.hold('both');
  proxy.abandon();
  const backAt = performance.now();
  await waitUntil(async () => (await start()).code === 'QUEUE_UNAVAILABLE', { what: 'the loss is noticed' });
  await waitUntil(async () => (await start()).status === 201, { what: 'runs are accepted', timeoutMs: 5000 });
  expect(performance.now() - backAt).toBeLessThan(5000);
  proxy.cut();
});

it('a wrong password in REDIS_URL refuses every run, and is taken once it is right', async () => {
  const url = new URL(stack.redis.url);
  url.password = 'in-the-url';
  const setPassword = (from: string, to: string): Promise<unknown> =>
    onRedis(from, (client) => client.config('SET', 'requirepass', to));
  await setPassword(stack.redis.url, 'another');
  const protectedUrl = stack.redis.url.replace('redis://', 'redis://:another@');
  try {
    const api = await stack.startApi({ REDIS_URL: url.href });
    const org = await createOrg(api.baseUrl, ADMIN_TOKEN);
    const workflowId = await org.publish(
      'document: { dsl: 1.0.3, namespace: t, name: t, version: 1.0.0 }\ndo: [{ a: { set: { b: 1 } } }]',
    );
    await waitUntil(() => org.start(workflowId).then(({ body }) => body['reason'] === 'authentication'), {
      what: 'the password is refused',
    });
    const { status, code, headers, latencyMs } = await org.start(workflowId);
    expect({ status, code }).toEqual({ status: 503, code: 'QUEUE_UNAVAILABLE' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(latencyMs).toBeLessThan(50);
    const before = (await org.list()).body.items;
    expect(before).toEqual([]);
    await setPassword(protectedUrl, 'in-the-url');
    await waitUntil(() => org.start(workflowId).then((answer) => answer.status === 201), {
      what: 'a run is accepted',
      timeoutMs: 5000,
    });
    await api.stop();
  } finally {
    await setPassword(protectedUrl, '').catch(() => setPassword(url.href, ''));
  }
  await stack.settled();
});
