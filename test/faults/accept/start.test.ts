/** An API that is started while Redis is away: it serves what needs no queue, and takes runs once Redis is back. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orgClient, send, type OrgClient } from '../../support/client.ts';
import type { TestApi } from '../../support/processes.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { startTestRedis, waitUntil } from '../../support/stack.ts';

const DEADLINE_MS = 600;
let stack: RunStack;
let knownRunId: string;

beforeAll(async () => {
  stack = await openRunStack({ env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: String(DEADLINE_MS) } });
  knownRunId = (await stack.org.start(stack.workflowId)).body.run.id;
  await stack.settled();
});
afterAll(async () => stack.close());

const get = (url: string) => send<{ status: string }>(url, { method: 'GET', headers: {} });

/** The API lives, answers reads, and refuses a run within the deadline, leaving no row. */
async function expectReadsOnly(api: TestApi): Promise<OrgClient> {
  const org = orgClient(api.baseUrl, stack.org.orgId, stack.org.apiKey);
  expect(await get(`${api.baseUrl}/health/live`)).toMatchObject({ status: 200 });
  expect(await get(`${api.baseUrl}/health/ready`)).toMatchObject({ status: 200 });
  expect(await org.get(knownRunId)).toMatchObject({ status: 200, body: { run: { id: knownRunId } } });
  expect(await org.list()).toMatchObject({ status: 200 });
  const first = await org.start(stack.workflowId, { labels: { request: 'first' } });
  expect(first).toMatchObject({ status: 503, code: 'QUEUE_UNAVAILABLE' });
  expect(first.latencyMs).toBeLessThan(DEADLINE_MS + 100);
  await waitUntil(
    () => org.start(stack.workflowId).then(({ code, latencyMs }) => code !== null && latencyMs < 50),
    {
      what: 'the queue is known to be down',
    },
  );
  const { code, latencyMs } = await org.start(stack.workflowId, { labels: { request: 'known' } });
  expect(code).toBe('QUEUE_UNAVAILABLE');
  expect(latencyMs).toBeLessThan(50);
  expect((await stack.rows()).map(({ id }) => id)).toEqual([knownRunId]);
  return org;
}

async function expectRecovery(org: OrgClient): Promise<void> {
  const accepted = await waitUntil(
    async () => {
      const answer = await org.start(stack.workflowId, { labels: { request: 'after' } });
      return answer.status === 201 ? answer : null;
    },
    { what: 'a run is accepted', timeoutMs: 5000 },
  );
  expect((await org.ended(accepted.body.run.id)).status).toBe('succeeded');
  await stack.sql`DELETE FROM workflow_runs WHERE id = ${accepted.body.run.id}`;
}

describe('started while Redis', () => {
  it('refuses connections', async () => {
    await stack.redis.kill('SIGKILL');
    const api = await stack.startApi();
    const org = await expectReadsOnly(api);
    await stack.redis.restart();
    await expectRecovery(org);
    await api.stop();
  });

  it('takes connections and answers nothing (SIGSTOP)', async () => {
    await stack.redis.kill('SIGSTOP');
    const api = await stack.startApi();
    const org = await expectReadsOnly(api);
    await stack.redis.kill('SIGCONT');
    await expectRecovery(org);
    await api.stop();
  });

  it('answers not even the attempt to connect (its backlog is full)', async () => {
    const redis = await startTestRedis({ settings: { 'tcp-backlog': '1' } });
    await redis.kill('SIGSTOP');
    // Linux drops the first packet of a connection that finds the backlog full.
    const fillers: Socket[] = [];
    for (let count = 0; count < 8; count += 1) {
      const socket = connect({ host: '127.0.0.1', port: redis.port });
      socket.on('error', () => {});
      fillers.push(socket);
    }
    const worker = await stack.startWorker({ REDIS_URL: redis.url });
    const api = await stack.startApi({ REDIS_URL: redis.url });
    const org = await expectReadsOnly(api);
    await redis.kill('SIGCONT');
    for (const socket of fillers) socket.destroy();
    await expectRecovery(org);
    await api.stop();
    await worker.stop();
    await redis.stop();
  });
});
