/** A worker dies (SIGKILL), or its connection to Redis does without a sign. */
import { expect } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { itSideBySide } from '../../support/side-by-side.ts';
import { waitUntil } from '../../support/stack.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';
import { withWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const DEFAULT_LEASE = { WORKFLOW_LEASE_MS: '15000' };
const RUNS = 6;
const STEPS = ['one', 'two', 'three', 'four'];

/** Each step was called once, but for the one in flight at the kill, which may have been called again. */
function expectRecordedOnce({ effects }: WorkerStack, run: string, callsBefore: number): void {
  const counts = effects.counts(run);
  const again = STEPS.filter((step) => counts[step] !== 1);
  const inFlight = effects.of(run)[callsBefore - 1]?.step;
  expect(again.length).toBeLessThanOrEqual(1);
  for (const step of again) expect([step, counts[step]]).toEqual([inFlight, 2]);
  // A repeated call carries the key of the first.
  expect(new Set(effects.of(run).map(({ key }) => key)).size).toBe(STEPS.length);
}

async function killedInTheMiddle(stack: WorkerStack): Promise<void> {
  const { effects, org } = stack;
  const steps = STEPS.map((step) => callStep(effects.endpoint(step, { delayMs: 300 })));
  const id = await org.publish(workflow(...steps, gathered));
  const dying = await stack.startWorker();
  const runs = await Promise.all(Array.from({ length: RUNS }, () => stack.begin(id)));
  await Promise.all(runs.map((run) => effects.called(run, 'two')));
  const killedAt = Date.now();
  dying.kill('SIGKILL');
  await dying.exited;
  const before = new Map(runs.map((run) => [run, effects.of(run).length]));
  await stack.startWorker();
  expect(new Set(await stack.allEnded(runs, 30_000))).toEqual(new Set(['succeeded']));
  console.info(`taken over and finished ${Date.now() - killedAt} ms after SIGKILL`);
  for (const run of runs) {
    expectRecordedOnce(stack, run, before.get(run) ?? 0);
    expect((await stack.row(run)).attempt_count).toBe(2);
  }
  const requeued = stack.events('workflow_run_requeued').filter((line) => line['reason'] === 'worker_lost');
  expect(requeued).toHaveLength(RUNS);
  expect(new Set(requeued.map(({ runId }) => runId))).toEqual(new Set(runs));
  await stack.expectInvariants({ killed: true });
}

async function killedInEveryAttempt(stack: WorkerStack): Promise<void> {
  const { effects, org } = stack;
  const hanging = callStep(effects.endpoint('hanging', { hang: true }));
  const run = await stack.begin(await org.publish(workflow(callStep(effects.endpoint('one')), hanging)));
  for (const attempt of [1, 2]) {
    const dying = await stack.startWorker();
    await effects.called(run, 'hanging', attempt);
    dying.kill('SIGKILL');
    await dying.exited;
  }
  await stack.startWorker();
  const ended = await org.ended(run, 20_000);
  expect(ended).toMatchObject({ status: 'failed', attemptCount: 2, maxAttempts: 2 });
  expect(ended.error).toMatchObject({ type: expect.stringMatching(/\/errors\/runtime$/), status: 500 });
  expect(effects.counts(run)).toEqual({ one: 1, hanging: 2 });
  // The line comes after the row.
  await waitUntil(() => stack.events('workflow_run_failed', run)[0], { what: 'the line' });
  expect(stack.events('workflow_run_failed', run)).toHaveLength(1);
  await stack.expectInvariants({ killed: true });
}

async function strandedFromRedis(stack: WorkerStack): Promise<void> {
  const { effects, org } = stack;
  const proxy = await openTcpProxy(stack.redis.url);
  try {
    await stack.startWorker({ REDIS_URL: proxy.through(stack.redis.url) });
    const id = await org.publish(workflow(callStep(effects.endpoint('one', { delayMs: 500 })), gathered));
    const runs = await Promise.all(Array.from({ length: RUNS }, () => stack.begin(id)));
    await Promise.all(runs.map((run) => effects.called(run, 'one')));
    const strandedAt = Date.now();
    proxy.strand();
    const later = await Promise.all(Array.from({ length: RUNS }, () => stack.begin(id)));
    expect(new Set(await stack.allEnded([...runs, ...later], 30_000))).toEqual(new Set(['succeeded']));
    console.info(`finished ${Date.now() - strandedAt} ms after the connections to Redis went dead`);
    for (const run of [...runs, ...later]) expect(effects.counts(run)).toEqual({ one: 1 });
    await stack.expectInvariants();
  } finally {
    await proxy.close();
  }
}

itSideBySide({
  'runs of a killed worker are finished by another within 30 s, with the default lease; no recorded step is called again':
    () => withWorkerStack({ env: DEFAULT_LEASE }, killedInTheMiddle),
  'a run whose worker dies in every attempt fails with the runtime error and one terminal event': () =>
    withWorkerStack({ env: { WORKFLOW_RETRY_ATTEMPTS: '2' } }, killedInEveryAttempt),
  'a worker whose connections to Redis went dead without a sign takes runs again within 30 s': () =>
    withWorkerStack({ env: DEFAULT_LEASE }, strandedFromRedis),
});
