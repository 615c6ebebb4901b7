/** The job is only a hint to look: orphans, void, early, duplicate and unreadable ones. */
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { keys, PREFIX } from '../../../lib/queue/connection.ts';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { countJobs } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import type { TestWorker } from '../../support/processes.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

let stack: WorkerStack;
let worker: TestWorker;
let queue: Queue;

beforeAll(async () => {
  stack = await openWorkerStack();
  worker = await stack.startWorker();
});
beforeEach(() => {
  queue = new Queue('workflow-runs', { connection: { url: stack.redis.url }, prefix: PREFIX });
});
afterEach(async () => {
  await stack.expectInvariants();
  await queue.obliterate({ force: true });
  await queue.close();
});
afterAll(async () => stack.close());

const add = (data: unknown, jobId: string) =>
  queue.add('run', data, { jobId, removeOnComplete: true, removeOnFail: true });
const jobsLeft = (count: number) =>
  waitUntil(async () => (await countJobs(stack.redis.url)) === count, { what: `${count} jobs are left` });

describe('a job without a run', () => {
  it('is dropped and logged as orphaned', async () => {
    const [runId, orgId] = [randomUUID(), randomUUID()];
    await add({ f: 1, runId, orgId, generation: 0 }, 'orphan');
    await worker.waitForLog((line) => line.event === 'workflow_run_orphaned' && line.runId === runId, {
      what: 'orphaned',
    });
    expect(stack.events('workflow_run_orphaned', runId)).toMatchObject([
      { orgId, workflowId: null, version: null },
    ]);
    await jobsLeft(0);
  });
});

describe('a job of a run that exists', () => {
  it('is dropped when it is of an older generation', async () => {
    const { effects, org } = stack;
    const run = await stack.begin(
      await org.publish(
        workflow(callStep(effects.endpoint('one')), { nap: { wait: { milliseconds: 1500 } } }, gathered),
      ),
    );
    await org.reached(run, 'waiting');
    const { generation } = await stack.row(run);
    expect(generation).toBe(1);
    await add({ f: 1, runId: run, orgId: org.orgId, generation: 0 }, 'old');
    await waitUntil(async () => (await queue.getJob('old')) === undefined, { what: 'the job is dropped' });
    expect((await stack.row(run)).status).toBe('waiting');
    expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    await jobsLeft(0);
  });

  it('is dropped when a worker has the run, and when the run has ended', async () => {
    const { effects, org } = stack;
    const run = await stack.begin(
      await org.publish(workflow(callStep(effects.endpoint('slow', { delayMs: 700 })), gathered)),
    );
    await effects.called(run, 'slow');
    const payload = { f: 1, runId: run, orgId: org.orgId, generation: 0 };
    const other = await stack.startWorker();
    for (const name of ['a', 'b', 'c', 'd']) await add(payload, name);
    await waitUntil(
      async () =>
        (await Promise.all(['a', 'b', 'c', 'd'].map((name) => queue.getJob(name)))).every(
          (job) => job === undefined,
        ),
      {
        what: 'the jobs are dropped',
      },
    );
    expect(await org.ended(run)).toMatchObject({
      status: 'succeeded',
      attemptCount: 1,
      output: { steps: ['slow 1'] },
    });
    await add(payload, 'late');
    await jobsLeft(0);
    await other.stop();
    expect(effects.counts(run)).toEqual({ slow: 1 });
  });

  it('is delayed again when it comes too early', async () => {
    const { org } = stack;
    const id = await org.publish(workflow({ answer: { set: { done: true } } }));
    const startAt = new Date(Date.now() + 1500);
    const { body } = await org.start(id, { startAt: startAt.toISOString() });
    await queue.remove(`${body.run.id}-0`);
    const early = await add({ f: 1, runId: body.run.id, orgId: org.orgId, generation: 0 }, 'early');
    await waitUntil(async () => (await early.getState()) === 'delayed', { what: 'the job is delayed' });
    const ended = await org.ended(body.run.id);
    expect(ended).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    expect(Date.parse(ended.startedAt ?? '')).toBeGreaterThanOrEqual(startAt.getTime());
    await jobsLeft(0);
  });
});

describe('a job that cannot be read', () => {
  it.each([
    ['no object', 'nonsense'],
    ['no run id', { f: 1, orgId: randomUUID(), generation: 0 }],
    ['an id that is none', { f: 1, runId: 'x', orgId: randomUUID(), generation: 0 }],
    ['no format', { runId: randomUUID(), orgId: randomUUID(), generation: 0 }],
  ])('is dropped and logged: %s', async (name, data) => {
    const jobId = `malformed-${name.replaceAll(' ', '-')}`;
    await add(data, jobId);
    await worker.waitForLog((line) => line['jobId'] === jobId && line['problem'] === 'malformed', {
      what: 'malformed',
    });
    expect(await jobsLeft(0)).toBe(true);
  });

  it('of which only the id is left is dropped, and nothing passes for it', async () => {
    const [runId, { job: key }] = [randomUUID(), keys('workflow-runs')];
    await onRedis(stack.redis.url, (redis) =>
      redis.pipeline().zadd(key('prioritized'), 1, `${runId}-0`).zadd(key('marker'), 0, '0').exec(),
    );
    await worker.waitForLog((line) => line['jobId'] === `${runId}-0`, { what: 'malformed' });
    const isGone = () => onRedis(stack.redis.url, async (redis) => !(await redis.exists(key(`${runId}-0`))));
    expect(await waitUntil(isGone, { what: 'nothing is left that looks like a job' })).toBe(true);
  });

  it('of a format of a newer release is handed back, delayed, and logged', async () => {
    const { org } = stack;
    const id = await org.publish(workflow({ answer: { set: { done: true } } }));
    const { body } = await org.start(id, { startAt: new Date(Date.now() + 3_600_000).toISOString() });
    const newer = await add({ f: 99, runId: body.run.id, orgId: org.orgId, more: [] }, 'newer');
    await worker.waitForLog((line) => line['jobId'] === 'newer' && line['problem'] === 'unknown_format', {
      what: 'unknown',
    });
    await waitUntil(async () => (await newer.getState()) === 'delayed', { what: 'the job is delayed' });
    expect(await stack.row(body.run.id)).toMatchObject({ status: 'queued', attempt_count: 0 });
  });
});
