/** Every branch of design section 3, step 6: the queue did not answer in time, and what has happened meanwhile. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  orgClient,
  type Answer,
  type OrgClient,
  type Started,
  type StartOptions,
} from '../../support/client.ts';
import type { TestApi, TestProcess } from '../../support/processes.ts';
import { openRunStack, type RowFacts, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const DEADLINE_MS = 600;
const PATIENT_DEADLINE_MS = 5000;
let stack: RunStack;
/** Between the stack's API and Redis. */
let proxy: TcpProxy;
/** An API whose Redis always answers. */
let otherApi: TestApi;
let other: OrgClient;
let label = '';
let count = 0;

beforeAll(async () => {
  stack = await openRunStack({
    env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: String(DEADLINE_MS) },
    apiEnv: async (env) => {
      proxy = await openTcpProxy(env.REDIS_URL);
      return { REDIS_URL: proxy.through(env.REDIS_URL) };
    },
    withWorker: false,
  });
  otherApi = await stack.startApi();
  other = clientOf(otherApi);
});
afterAll(async () => {
  await stack.close();
  await proxy.close();
});
beforeEach(async () => {
  count += 1;
  label = `request-${count}`;
  await queueIsUp(stack.api);
});
afterEach(() => {
  proxy.release();
});

const clientOf = (api: TestApi): OrgClient => orgClient(api.baseUrl, stack.org.orgId, stack.org.apiKey);

async function queueIsUp(api: TestApi): Promise<void> {
  const health = () => clientOf(api).call<{ checks: { queue: string } }>('GET', '/health/ready');
  await waitUntil(async () => (await health()).body.checks.queue === 'up', {
    what: 'the API knows its queue',
  });
}

const start = (org: OrgClient, options?: StartOptions): Promise<Answer<Started>> =>
  org.start(stack.workflowId, { labels: { request: label } }, options);

const rowsOfRequest = async (): Promise<RowFacts[]> =>
  (await stack.rows()).filter((row) => row.label === label);

/** Waits for the row that a request under way has inserted. */
const rowAppears = (): Promise<RowFacts> =>
  waitUntil(async () => (await rowsOfRequest())[0], { what: 'the row is inserted' });

/** Names of the events that the process logs of the run, the first awaited. */
async function eventsOf(process: TestProcess, runId: string): Promise<unknown[]> {
  await process.waitForLog((line) => line.runId === runId, { what: `an event of run ${runId}` });
  return process.logs.filter((line) => line.runId === runId).map(({ event }) => event);
}

async function expectGone(answer: Answer<Started>, runId: string): Promise<void> {
  expect(answer).toMatchObject({ status: 503, code: 'QUEUE_UNAVAILABLE' });
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.body.run).toBeUndefined();
  expect(await rowsOfRequest()).toEqual([]);
  expect(await eventsOf(stack.api, runId)).toEqual(['queue_unavailable']);
}

describe('the delete removes the row', () => {
  it('503; the command that lands later is dropped by the worker, and no step has run', async () => {
    proxy.hold('both');
    const answering = start(stack.org);
    const { id } = await rowAppears();
    await expectGone(await answering, id);
    proxy.release();
    const worker = await stack.startWorker();
    expect(await eventsOf(worker, id)).toEqual(['workflow_run_orphaned']);
    await stack.settled();
    expect(await eventsOf(worker, id)).toEqual(['workflow_run_orphaned']);
    expect(await stack.sql`SELECT 1 FROM workflow_run_events WHERE run_id = ${id}`).toHaveLength(0);
    await worker.stop();
  });
});

describe('the delete removes nothing', () => {
  it('201 when a worker took the job before the API gave up', async () => {
    const worker = await stack.startWorker();
    await stack.firstPass();
    proxy.hold('answers');
    const answer = await start(stack.org);
    expect(answer.latencyMs).toBeGreaterThan(DEADLINE_MS * 0.8);
    expect(answer).toMatchObject({ status: 201, body: { run: { status: 'succeeded' } } });
    const { id } = answer.body.run;
    expect(await rowsOfRequest()).toMatchObject([{ id, lease: 1 }]);
    expect(await eventsOf(stack.api, id)).toEqual(['workflow_run_enqueued']);
    await worker.stop();
  });

  it('201 when the run was cancelled meanwhile', async () => {
    proxy.hold('both');
    const answering = start(stack.org);
    const { id } = await rowAppears();
    expect((await other.cancel(id)).status).toBe(202);
    expect(await answering).toMatchObject({ status: 201, body: { run: { id, status: 'cancelled' } } });
  });

  it('201 when a replay of the key saw the job in the queue meanwhile', async () => {
    proxy.hold('both');
    const answering = start(stack.org, { key: label });
    const { id } = await rowAppears();
    const replay = await start(other, { key: label });
    expect(replay).toMatchObject({ status: 201, body: { run: { id } } });
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    expect(await answering).toMatchObject({ status: 201, body: { run: { id, status: 'queued' } } });
    expect(await rowsOfRequest()).toMatchObject([{ id, accepted: true, lease: 0 }]);
  });

  it('503 when the row is not there any more', async () => {
    proxy.hold('both');
    const answering = start(stack.org);
    const { id } = await rowAppears();
    await stack.sql`DELETE FROM workflow_runs WHERE id = ${id}`;
    await expectGone(await answering, id);
  });
});

describe('a replay', () => {
  it('503 when its own enqueue fails, and deletes nothing; later it is the first run again', async () => {
    const first = await start(other, { key: label });
    proxy.hold('both');
    expect(await start(stack.org, { key: label })).toMatchObject({ status: 503, code: 'QUEUE_UNAVAILABLE' });
    expect(await rowsOfRequest()).toMatchObject([{ id: first.body.run.id, accepted: false }]);
    proxy.release();
    await queueIsUp(stack.api);
    const replay = await start(stack.org, { key: label });
    expect(replay).toMatchObject({ status: 201, body: { run: { id: first.body.run.id } } });
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    expect(await rowsOfRequest()).toMatchObject([{ accepted: true }]);
  });

  it('starts over when the first request took its row back while the replay was being queued', async () => {
    const slow = await openTcpProxy(stack.redis.url);
    const api = await stack.startApi({
      REDIS_URL: slow.through(stack.redis.url),
      WORKFLOW_ENQUEUE_TIMEOUT_MS: String(PATIENT_DEADLINE_MS),
    });
    await queueIsUp(api);
    proxy.hold('both');
    const answering = start(stack.org, { key: label });
    const { id } = await rowAppears();
    slow.hold('answers');
    const replaying = start(clientOf(api), { key: label });
    await expectGone(await answering, id);
    slow.release();
    const replay = await replaying;
    expect(replay.status).toBe(201);
    expect(replay.headers.get('idempotency-replayed')).toBeNull();
    expect(replay.body.run.id).not.toBe(id);
    expect(await rowsOfRequest()).toMatchObject([{ id: replay.body.run.id }]);
    await api.stop();
    await slow.close();
  });
});

it('and in the end every accepted run is executed once, and no other', async () => {
  proxy.release();
  const worker = await stack.startWorker();
  await stack.settled();
  const started = worker.logs.flatMap(({ event, runId }) =>
    event === 'workflow_run_started' ? [runId] : [],
  );
  const standing = (await stack.rows()).filter(({ status }) => status === 'succeeded').map(({ id }) => id);
  expect(new Set(started).size).toBe(started.length);
  expect(started.filter((id) => !standing.some((known) => known === id))).toEqual([]);
  await worker.stop();
});
