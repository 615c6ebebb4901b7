/** `wait`: a long one gives the worker's slot back, a short one sleeps in place. */
import { expect } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { itSideBySide } from '../../support/side-by-side.ts';
import { withWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const ONE_SLOT = { WORKFLOW_QUEUE_CONCURRENCY: '1' };

const waiting = ({ effects }: WorkerStack, milliseconds: number): string =>
  workflow(
    callStep(effects.endpoint('before')),
    { nap: { wait: { milliseconds } } },
    callStep(effects.endpoint('after')),
    gathered,
  );

async function holdsNoSlot(stack: WorkerStack): Promise<void> {
  const { org, effects } = stack;
  const id = await org.publish(waiting(stack, 2000));
  await stack.startWorker(ONE_SLOT);
  const startedAt = Date.now();
  const runs = await Promise.all(Array.from({ length: 20 }, () => stack.begin(id)));
  await Promise.all(runs.map((run) => org.reached(run, 'waiting')));
  const seen = await Promise.all(runs.map(async (run) => (await org.get(run)).body.run));
  expect(new Set(await stack.allEnded(runs))).toEqual(new Set(['succeeded']));
  const tookMs = Date.now() - startedAt;
  console.info(`20 runs that wait 2 s, concurrency 1: ${tookMs} ms`);
  expect(tookMs).toBeLessThan(10_000);
  const parked = seen.filter(({ status }) => status === 'waiting');
  expect(parked.length).toBeGreaterThan(0);
  for (const { attemptCount, nextAttemptAt, startedAt: begunAt, waitingFor } of parked) {
    expect(attemptCount).toBe(1);
    expect(waitingFor).toMatchObject({ reason: 'timer', until: nextAttemptAt });
    // The timer began after the run did, and the run waits since it was parked.
    expect(Date.parse(nextAttemptAt ?? '')).toBeGreaterThanOrEqual(Date.parse(begunAt ?? '') + 2000);
    expect(Date.parse(waitingFor?.since ?? '')).toBeGreaterThanOrEqual(Date.parse(begunAt ?? ''));
  }
  for (const run of runs) {
    const output = { steps: ['before 1', 'after 1'] };
    expect((await org.get(run)).body.run).toMatchObject({ attemptCount: 1, nextAttemptAt: null, output });
    const [before, after] = effects.of(run);
    expect((after?.startedAt ?? 0) - (before?.startedAt ?? 0)).toBeGreaterThanOrEqual(2000);
  }
  await stack.expectInvariants();
}

async function letsAnotherPass(stack: WorkerStack): Promise<void> {
  const { org } = stack;
  const quickId = await org.publish(workflow({ answer: { set: { done: true } } }));
  await stack.startWorker(ONE_SLOT);
  const slow = await stack.begin(await org.publish(waiting(stack, 3000)));
  const { nextAttemptAt } = await org.reached(slow, 'waiting');
  const quick = await org.ended(await stack.begin(quickId));
  expect(quick.status).toBe('succeeded');
  expect(Date.parse(quick.finishedAt ?? '')).toBeLessThan(Date.parse(nextAttemptAt ?? ''));
  expect((await org.ended(slow)).status).toBe('succeeded');
}

async function goesOnElsewhere(stack: WorkerStack): Promise<void> {
  const { org, effects } = stack;
  const first = await stack.startWorker();
  const run = await stack.begin(await org.publish(waiting(stack, 2500)));
  await org.reached(run, 'waiting');
  await first.stop();
  expect((await stack.row(run)).status).toBe('waiting');
  await stack.startWorker();
  expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
  expect(effects.counts(run)).toEqual({ before: 1, after: 1 });
  expect(stack.events('workflow_run_started', run)).toHaveLength(1);
  await stack.expectInvariants();
}

async function sleepsInPlace(stack: WorkerStack): Promise<void> {
  const { org } = stack;
  await stack.startWorker(ONE_SLOT);
  const run = await stack.begin(await org.publish(waiting(stack, 1000)));
  expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
  const types = (await org.events(run)).body.items.map(({ type }) => type);
  expect(types).not.toContain('run_waiting');
  expect((await stack.row(run)).generation).toBe(0);
}

/** The worker must not round what it waits for up to whole seconds. The best of some: the machine does other things too. */
async function endsOnTime(stack: WorkerStack): Promise<void> {
  const { org } = stack;
  await stack.startWorker(ONE_SLOT);
  const id = await org.publish(workflow({ nap: { wait: { milliseconds: 1100 } } }));
  const tookMs: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const { startedAt, finishedAt } = await org.ended(await stack.begin(id));
    tookMs.push(Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? ''));
  }
  console.info(`runs that wait 1.1 s: ${tookMs.join(', ')} ms`);
  expect(Math.min(...tookMs)).toBeGreaterThanOrEqual(1100);
  expect(Math.min(...tookMs)).toBeLessThan(1600);
}

itSideBySide({
  'a wait of 2 s holds no slot: 20 runs take a worker of concurrency 1 far less than 40 s': () =>
    withWorkerStack({}, holdsNoSlot),
  'a run that waits lets another pass at concurrency 1': () => withWorkerStack({}, letsAnotherPass),
  'a run that waits goes on in another worker, in the same attempt, and calls nothing again': () =>
    withWorkerStack({}, goesOnElsewhere),
  'a wait of at most a second sleeps in place: the run is never parked': () =>
    withWorkerStack({}, sleepsInPlace),
  'a timer is over when it is due, not at the next whole second': () => withWorkerStack({}, endsOnTime),
});
