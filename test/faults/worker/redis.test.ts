/** Redis loses everything under load: every run that was accepted ends, none of them twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { startLoad, type Load } from '../../support/load.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { countJobs } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

/** Far less than the 30 s after which an ordinary search looks at a run without a job. */
const RECOVERY_MS = 12_000;
let stack: WorkerStack;
/** Pure, waiting for a timer, retried by the run, calling, and starting later: each is under way when Redis fails. */
let workflowIds: string[];

beforeAll(async () => {
  stack = await openWorkerStack({ env: { WORKFLOW_RETRY_BACKOFF_MS: '1500' } });
  const { effects, org } = stack;
  const answer = { answer: { set: { steps: [] } } };
  workflowIds = await Promise.all(
    [
      workflow(answer),
      workflow(callStep(effects.endpoint('before')), { nap: { wait: { seconds: 2 } } }, gathered),
      workflow(
        callStep(effects.endpoint('before')),
        callStep(effects.endpoint('failing', { status: 503, times: 1 })),
        gathered,
      ),
      workflow(
        callStep(effects.endpoint('slow', { delayMs: 400 })),
        callStep(effects.endpoint('after')),
        gathered,
      ),
    ].map((definition) => org.publish(definition)),
  );
  await Promise.all([stack.startWorker(), stack.startWorker()]);
});
afterAll(async () => stack.close());

const startRuns = (): Load =>
  startLoad({
    perSecond: 60,
    maxInFlight: 50,
    start: (label, index) =>
      stack.org.start(workflowIds[index % 4] ?? '', {
        labels: { request: label },
        // Every second pure one, later: it has no worker yet when its job is lost.
        ...(index % 8 === 0 ? { startAt: new Date(Date.now() + 1500).toISOString() } : {}),
      }),
  });

const EXPECTED: readonly [unknown, number][] = [
  [{ steps: [] }, 1],
  [{ steps: ['before 1'] }, 1],
  [{ steps: ['before 1', 'failing 2'] }, 2],
  [{ steps: ['slow 1', 'after 1'] }, 1],
];

/** Drives a load through the fault and asserts that every 201 has ended as if nothing had happened. */
async function expectAllEndThrough(fault: () => Promise<void>): Promise<void> {
  const load = startRuns();
  await sleep(1500);
  await fault();
  await sleep(1000);
  const accepted = (await load.stop())
    .filter(({ status }) => status === 201)
    .map(({ runId }) => String(runId));
  const stoppedAt = Date.now();
  expect(accepted.length).toBeGreaterThan(80);
  await stack.allEnded(accepted, RECOVERY_MS);
  console.info(`${accepted.length} runs; all ended ${Date.now() - stoppedAt} ms after the last was started`);
  for (const id of accepted) {
    const { run } = (await stack.org.get(id)).body;
    const [output, attemptCount] = EXPECTED[workflowIds.indexOf(run.workflowId)] ?? [];
    expect(run).toMatchObject({ status: 'succeeded', output, attemptCount });
    // The call that failed and its repetition; every other one once.
    const calls = stack.effects.of(id);
    expect(new Set(calls.map(({ step, call }) => `${step} ${call}`)).size).toBe(calls.length);
    expect(calls.filter(({ step, call }) => call > (step === 'failing' ? 2 : 1))).toEqual([]);
  }
  const requeued = stack.events('workflow_run_requeued');
  expect(requeued.length).toBeGreaterThan(0);
  expect(requeued[0]).toMatchObject({
    reason: 'job_missing',
    runId: expect.any(String),
    workflowId: expect.any(String),
  });
  expect(stack.events('workflow_run_fenced')).toEqual([]);
  await stack.expectInvariants({ minBackoffMs: 1500 });
}

describe('every 201 ends, once', () => {
  it('through FLUSHALL, twice', async () => {
    const flush = (): Promise<unknown> => onRedis(stack.redis.url, (client) => client.flushall());
    await expectAllEndThrough(async () => {
      await flush();
      await sleep(700);
      await flush();
    });
  });

  it('through a Redis that is killed (SIGKILL) and starts empty', async () => {
    await expectAllEndThrough(async () => {
      await stack.redis.kill('SIGKILL');
      await sleep(1000);
      await stack.redis.restart();
    });
  });

  it('also when Redis loses its data again while the search for lost jobs is under way', async () => {
    await waitUntil(async () => (await countJobs(stack.redis.url)) === 0, { what: 'the queue is empty' });
    // More than one step of the search; none is due before both losses are over.
    const startAt = new Date(Date.now() + 4000).toISOString();
    const items = Array.from({ length: 900 }, () => ({ startAt }));
    const answers = await Promise.all([1, 2, 3].map(() => stack.org.batch(workflowIds[0] ?? '', items)));
    const runs = answers.flatMap(({ body }) => body.items.map(({ run }) => String(run?.id)));
    await onRedis(stack.redis.url, (client) => client.flushall());
    await waitUntil(async () => (await countJobs(stack.redis.url)) >= 1000, { what: 'jobs are added again' });
    await onRedis(stack.redis.url, (client) => client.flushall());
    expect(new Set(await stack.allEnded(runs, 4000 + RECOVERY_MS))).toEqual(new Set(['succeeded']));
  });
});
