/** `wait`: a long one gives the worker's slot back, a short one sleeps in place. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import type { TestWorker } from '../../support/processes.ts';

const ONE_SLOT = { WORKFLOW_QUEUE_CONCURRENCY: '1' };
let stack: WorkerStack;
let worker: TestWorker | undefined;

beforeAll(async () => {
  stack = await openWorkerStack();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});
afterAll(async () => stack.close());

const waiting = (milliseconds: number): string =>
  workflow(
    callStep(stack.effects.endpoint('before')),
    { nap: { wait: { milliseconds } } },
    callStep(stack.effects.endpoint('after')),
    gathered,
  );

describe('a wait of more than a second', () => {
  it('holds no slot: 20 runs with one of 2 s take a worker of concurrency 1 far less than 40 s', async () => {
    const { org, effects } = stack;
    const id = await org.publish(waiting(2000));
    worker = await stack.startWorker(ONE_SLOT);
    const startedAt = Date.now();
    const runs = await Promise.all(Array.from({ length: 20 }, () => stack.begin(id)));
    await Promise.all(runs.map((run) => org.reached(run, 'waiting')));
    const parked = await Promise.all(runs.map(async (run) => (await org.get(run)).body.run));
    expect(new Set(await stack.allEnded(runs))).toEqual(new Set(['succeeded']));
    const tookMs = Date.now() - startedAt;
    console.info(`20 runs that wait 2 s, concurrency 1: ${tookMs} ms`);
    expect(tookMs).toBeLessThan(8000);
    for (const run of parked.filter(({ status }) => status === 'waiting')) {
      expect(run).toMatchObject({ attemptCount: 1, nextAttemptAt: expect.any(String) });
      expect(run.waitingFor).toMatchObject({ reason: 'timer', until: run.nextAttemptAt });
      // The timer began after the run did, and the run waits since it was parked.
      expect(Date.parse(run.nextAttemptAt ?? '') - Date.parse(run.startedAt ?? '')).toBeGreaterThanOrEqual(
        2000,
      );
      expect(Date.parse(run.waitingFor?.since ?? '')).toBeGreaterThanOrEqual(Date.parse(run.startedAt ?? ''));
    }
    for (const run of runs) {
      const ended = (await org.get(run)).body.run;
      expect(ended).toMatchObject({
        attemptCount: 1,
        nextAttemptAt: null,
        output: { steps: ['before 1', 'after 1'] },
      });
      const [before, after] = effects.of(run);
      expect((after?.startedAt ?? 0) - (before?.startedAt ?? 0)).toBeGreaterThanOrEqual(2000);
    }
    await stack.expectInvariants();
  });

  it('lets another run pass meanwhile', async () => {
    const { org } = stack;
    const [long, quick] = [
      await org.publish(waiting(1200)),
      await org.publish(workflow({ answer: { set: { done: true } } })),
    ];
    worker = await stack.startWorker(ONE_SLOT);
    const slow = await stack.begin(long);
    await org.reached(slow, 'waiting');
    expect(
      (await org.ended(await stack.begin(quick))).finishedAt?.localeCompare(
        (await org.get(slow)).body.run.nextAttemptAt ?? '',
      ),
    ).toBe(-1);
    expect((await org.ended(slow)).status).toBe('succeeded');
  });

  it('goes on in another worker, in the same attempt, without calling again what was done', async () => {
    const { org, effects } = stack;
    const first = await stack.startWorker();
    const run = await stack.begin(await org.publish(waiting(2500)));
    await org.reached(run, 'waiting');
    await first.stop();
    expect((await stack.row(run)).status).toBe('waiting');
    worker = await stack.startWorker();
    expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    expect(effects.counts(run)).toEqual({ before: 1, after: 1 });
    expect(stack.events('workflow_run_started', run)).toHaveLength(1);
    await stack.expectInvariants();
  });
});

describe('a wait of at most a second', () => {
  it('sleeps in place: the run is never parked', async () => {
    const { org } = stack;
    worker = await stack.startWorker(ONE_SLOT);
    const run = await stack.begin(await org.publish(waiting(1000)));
    expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    const types = (await org.events(run)).body.items.map(({ type }) => type);
    expect(types).not.toContain('run_waiting');
    expect((await stack.row(run)).generation).toBe(0);
  });
});
