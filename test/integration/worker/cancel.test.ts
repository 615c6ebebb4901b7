/** Cancelling a run in every status; what is running stops within 2 s (design, invariant 10). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const REACHES_MS = 2000;
let stack: WorkerStack;

beforeAll(async () => {
  stack = await openWorkerStack({ env: { WORKFLOW_LEASE_MS: '15000', WORKFLOW_RETRY_BACKOFF_MS: '60000' } });
  await stack.startWorker();
});
afterAll(async () => stack.close());

/** Cancels a run that has not ended: 202, then 200; one terminal entry. When the first answer came. */
async function cancel(run: string): Promise<number> {
  const { org } = stack;
  const first = await org.cancel(run);
  const answeredAt = Date.now();
  expect(first).toMatchObject({
    status: 202,
    body: { run: { status: 'cancelled', nextAttemptAt: null, error: null } },
  });
  const second = await org.cancel(run);
  expect(second).toMatchObject({ status: 200, body: { run: first.body.run } });
  expect((await org.get(run)).body.run).toEqual(first.body.run);
  return answeredAt;
}

/** The worker has let go of the run. */
const letGo = (run: string) =>
  waitUntil(() => stack.events('workflow_run_fenced', run)[0], { what: `the worker stops run ${run}` });

describe('cancelling', () => {
  it('a run that is queued: it never starts', async () => {
    const { org } = stack;
    const id = await org.publish(workflow(callStep(stack.effects.endpoint('one'))));
    const { body } = await org.start(id, { startAt: new Date(Date.now() + 1500).toISOString() });
    await cancel(body.run.id);
    expect((await org.events(body.run.id)).body.items.map(({ type }) => type)).toEqual([
      'run_enqueued',
      'run_cancelled',
    ]);
    // Its job is still there, and comes to nothing.
    await sleep(2000);
    expect(stack.effects.counts(body.run.id)).toEqual({});
    expect(stack.events('workflow_run_started', body.run.id)).toEqual([]);
  });

  it('a run that waits for a timer, and one that waits for its next attempt', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow(callStep(effects.endpoint('one')), { nap: { wait: { hours: 1 } } }),
    );
    const failing = await org.publish(workflow(callStep(effects.endpoint('failing', { status: 503 }))));
    const [waiting, backingOff] = [await stack.begin(id), await stack.begin(failing)];
    await org.reached(waiting, 'waiting');
    await cancel(waiting);
    await waitUntil(() => stack.events('workflow_run_retried', backingOff)[0], { what: 'the backoff' });
    await cancel(backingOff);
    expect(effects.counts(backingOff)).toEqual({ failing: 1 });
  });

  it('a run that is calling: the call is aborted within 2 s', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow(callStep(effects.endpoint('hanging', { hang: true })), callStep(effects.endpoint('next'))),
    );
    const run = await stack.begin(id);
    const call = await effects.called(run, 'hanging');
    const answeredAt = await cancel(run);
    const abandonedAt = await waitUntil(() => call.abandonedAt, { what: 'the call is aborted' });
    console.info(`a hanging call was aborted ${abandonedAt - answeredAt} ms after the cancel`);
    expect(abandonedAt - answeredAt).toBeLessThan(REACHES_MS);
    await letGo(run);
    expect(effects.counts(run)).toEqual({ hanging: 1 });
  });

  it('a run in a loop of calls: none starts later than 2 s after the answer', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow({
        loop: { for: { in: '${ [range(500)] }' }, do: [callStep(effects.endpoint('step', { delayMs: 20 }))] },
      }),
    );
    const run = await stack.begin(id);
    await effects.called(run, 'step', 5);
    const answeredAt = await cancel(run);
    await letGo(run);
    const last = effects.of(run).at(-1);
    expect((last?.startedAt ?? Number.POSITIVE_INFINITY) - answeredAt).toBeLessThan(REACHES_MS);
    expect(effects.of(run).length).toBeLessThan(500);
  });

  it('a run that has ended: 409', async () => {
    const { org } = stack;
    const run = await stack.begin(await org.publish(workflow({ answer: { set: { done: true } } })));
    await org.ended(run);
    expect(await org.cancel(run)).toMatchObject({ status: 409, code: 'INVALID_STATE' });
    expect((await stack.row(run)).status).toBe('succeeded');
  });

  it('runs at any moment of their life: each is either cancelled or ended, never both', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow(
        callStep(effects.endpoint('one', { delayMs: 20 })),
        callStep(effects.endpoint('two')),
        gathered,
      ),
    );
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_none, index) => {
        const run = await stack.begin(id);
        await sleep(index * 3);
        return { run, status: (await org.cancel(run)).status };
      }),
    );
    const statuses = await stack.allEnded(answers.map(({ run }) => run));
    expect(statuses).toEqual(answers.map(({ status }) => (status === 202 ? 'cancelled' : 'succeeded')));
    expect(new Set(statuses).size).toBe(2);
  });

  it('leaves the invariants standing', async () => {
    await expect(stack.expectInvariants()).resolves.toBeUndefined();
  });
});
