/** A worker is killed (SIGKILL) in the middle of its runs. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const RUNS = 6;
const STEPS = ['one', 'two', 'three', 'four'];
let stack: WorkerStack;

afterEach(async () => stack.close());

describe('with the default lease', () => {
  beforeEach(async () => {
    stack = await openWorkerStack({ env: { WORKFLOW_LEASE_MS: '15000' } });
  });

  it('another worker finishes every run within 30 s, and no recorded step is called again', async () => {
    const { effects, org } = stack;
    const steps = STEPS.map((step) => callStep(effects.endpoint(step, { delayMs: 300 })));
    const id = await org.publish(workflow(...steps, gathered));
    const dying = await stack.startWorker();
    const runs = await Promise.all(Array.from({ length: RUNS }, () => stack.begin(id)));
    await Promise.all(runs.map((run) => effects.called(run, 'two')));
    const killedAt = Date.now();
    dying.kill('SIGKILL');
    await dying.exited;
    await stack.startWorker();
    const before = new Map(runs.map((run) => [run, effects.of(run).length]));
    const statuses = await stack.allEnded(runs, 30_000);
    console.info(`taken over and finished ${Date.now() - killedAt} ms after SIGKILL`);
    expect(new Set(statuses)).toEqual(new Set(['succeeded']));
    for (const run of runs) {
      const counts = effects.counts(run);
      const again = STEPS.filter((step) => counts[step] !== 1);
      // Only the step in flight, which is the last one that was called before the kill.
      expect(again.length).toBeLessThanOrEqual(1);
      const inFlight = effects.of(run)[(before.get(run) ?? 0) - 1]?.step;
      for (const step of again) expect([step, counts[step]]).toEqual([inFlight, 2]);
      expect(new Set(effects.of(run).map(({ key }) => key)).size).toBe(STEPS.length);
      expect((await stack.row(run)).attempt_count).toBe(2);
    }
    await stack.expectInvariants({ killed: true });
  });
});

describe('a run whose worker dies in every attempt', () => {
  beforeEach(async () => {
    stack = await openWorkerStack({ env: { WORKFLOW_RETRY_ATTEMPTS: '2' } });
  });

  it('fails with the runtime error and one terminal event', async () => {
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
    expect(stack.events('workflow_run_failed', run)).toHaveLength(1);
    await stack.expectInvariants({ killed: true });
  });
});
