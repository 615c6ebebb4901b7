/** Run-level retries (contract, section 4): by the error's type and status, counted in the row, from the last result. */
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PREFIX } from '../../../lib/queue/connection.ts';
import { callStep, gathered, workflow, type Task } from '../../support/effects.ts';
import { freePort } from '../../../scripts/stack/ports.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type RowState, type WorkerStack } from '../../support/worker-stack.ts';

const BACKOFF_MS = 700;
let stack: WorkerStack;

beforeAll(async () => {
  stack = await openWorkerStack({
    env: { WORKFLOW_RETRY_BACKOFF_MS: String(BACKOFF_MS), WORKFLOW_CALL_TIMEOUT_MS: '1500' },
  });
  await stack.startWorker();
});
afterAll(async () => stack.close());

/** A run of one recorded call and then these tasks. */
async function begin(...tasks: Task[]): Promise<string> {
  const { effects, org } = stack;
  return stack.begin(await org.publish(workflow(callStep(effects.endpoint('before')), ...tasks, gathered)));
}

/** The row while it waits for its next attempt. */
const backingOff = (run: string, attempts: number): Promise<RowState> =>
  waitUntil(
    async () => {
      const row = await stack.row(run);
      return row.status === 'queued' && row.attempt_count === attempts && row;
    },
    { what: `the backoff after attempt ${attempts}` },
  );

describe.concurrent('a retryable error', () => {
  it('is tried again after a backoff of at least the minimum, from the last recorded result', async () => {
    const { effects, org } = stack;
    const run = await begin(callStep(effects.endpoint('failing', { status: 503, times: 2 })));
    for (const attempt of [1, 2]) {
      const row = await backingOff(run, attempt);
      const delayMs = (row.next_ms ?? 0) - row.since_ms;
      expect(delayMs).toBeGreaterThanOrEqual(BACKOFF_MS * 2 ** (attempt - 1));
      expect(delayMs).toBeLessThanOrEqual(BACKOFF_MS * 2 ** (attempt - 1) * 1.5 + 1);
      const shown = (await org.get(run)).body.run;
      expect(shown).toMatchObject({ status: 'queued', attemptCount: attempt, maxAttempts: 3, error: null });
      expect(shown.waitingFor).toMatchObject({ reason: 'retry_backoff', nextAttemptAt: shown.nextAttemptAt });
    }
    expect(await org.ended(run)).toMatchObject({
      status: 'succeeded',
      attemptCount: 3,
      output: { steps: ['before 1', 'failing 3'] },
    });
    expect(effects.counts(run)).toEqual({ before: 1, failing: 3 });
    const [, ...failing] = effects.of(run);
    expect(new Set(failing.map(({ key }) => key)).size).toBe(1);
    const retried = stack.events('workflow_run_retried', run);
    expect(retried.map((line) => line['attemptCount'])).toEqual([1, 2]);
    for (const line of retried) {
      expect(line['nextAttemptAt']).toEqual(expect.any(String));
      expect(line['error']).toEqual({
        type: expect.stringMatching(/\/communication$/),
        status: 503,
        instance: '/do/1/failing',
      });
    }
    await stack.expectInvariants({ minBackoffMs: BACKOFF_MS });
  });

  it('fails the run when every attempt is spent', async () => {
    const { effects, org } = stack;
    const run = await begin(callStep(effects.endpoint('failing', { status: 500 })));
    expect(await org.ended(run)).toMatchObject({
      status: 'failed',
      attemptCount: 3,
      nextAttemptAt: null,
      error: { status: 500, instance: '/do/1/failing' },
    });
    expect(effects.counts(run)).toEqual({ before: 1, failing: 3 });
    // The line comes after the row.
    const failed = await waitUntil(() => stack.events('workflow_run_failed', run)[0], { what: 'the line' });
    expect(failed).toMatchObject({ attemptCount: 3 });
    expect(stack.events('workflow_run_failed', run)).toHaveLength(1);
  });

  it('is one of: 408, 425, 429, 5xx, no answer, no answer in time', async () => {
    const { effects, org } = stack;
    const closed = `http://127.0.0.1:${await freePort()}/refused`;
    const endpoints = [
      ...[408, 425, 429, 502].map((status) => effects.endpoint('failing', { status, times: 1 })),
      effects.endpoint('failing', { hang: true, times: 1 }),
      closed,
    ];
    const runs = await Promise.all(endpoints.map((endpoint) => begin(callStep(endpoint))));
    await Promise.all(runs.map((run) => backingOff(run, 1)));
    await Promise.all(
      runs.slice(0, -1).map(async (run) => expect((await org.ended(run)).status).toBe('succeeded')),
    );
    for (const run of runs.slice(0, -1)) expect(effects.counts(run)).toEqual({ before: 1, failing: 2 });
    await stack.allEnded(runs);
  });
});

describe.concurrent('an error that is not retryable', () => {
  it('fails the run in its first attempt: other 4xx, raise, expressions', async () => {
    const { effects, org } = stack;
    const communication = 'https://serverlessworkflow.io/spec/1.0.0/errors/communication';
    const tasks: Task[] = [
      ...[400, 401, 403, 404, 409, 422].map((status) => callStep(effects.endpoint('failing', { status }))),
      // What is raised is the author's word, also when it looks like a failed call.
      { raised: { raise: { error: { type: communication, status: 503, title: 'raised' } } } },
      { broken: { set: { value: '${ 1 + {} }' } } },
    ];
    const runs = await Promise.all(tasks.map((task) => begin(task)));
    for (const run of runs) {
      expect(await org.ended(run)).toMatchObject({ status: 'failed', attemptCount: 1 });
      expect(stack.events('workflow_run_retried', run)).toEqual([]);
      expect(Object.values(effects.counts(run)).every((count) => count === 1)).toBe(true);
    }
    await stack.expectInvariants({ minBackoffMs: BACKOFF_MS });
  });
});

describe.concurrent('during the backoff', () => {
  it('further jobs and an emptied Redis neither spend an attempt nor shorten the wait', async () => {
    const { effects, org, redis } = stack;
    const run = await begin(callStep(effects.endpoint('failing', { status: 503, times: 2 })));
    const queue = new Queue('workflow-runs', { connection: { url: redis.url }, prefix: PREFIX });
    try {
      for (const attempt of [1, 2]) {
        const { generation, next_ms: nextMs } = await backingOff(run, attempt);
        const payload = { f: 1, runId: run, orgId: org.orgId, generation };
        await queue.add('run', payload, { jobId: `wake-${attempt}` });
        await queue.add('run', { ...payload, generation: generation - 1 }, { jobId: `old-${attempt}` });
        await onRedis(redis.url, (client) => client.flushall());
        await queue.add('run', payload, { jobId: `wake-again-${attempt}` });
        const called = await effects.called(run, 'failing', attempt + 1);
        expect(called.startedAt).toBeGreaterThanOrEqual(nextMs ?? Number.POSITIVE_INFINITY);
      }
    } finally {
      await queue.close();
    }
    expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 3 });
    expect(effects.counts(run)).toEqual({ before: 1, failing: 3 });
    await stack.expectInvariants({ minBackoffMs: BACKOFF_MS });
  });
});
