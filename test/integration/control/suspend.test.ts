/** Suspending and resuming a run in every status. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrg, type Answer, type Started } from '../../support/client.ts';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { killed } from '../../support/redis-faults.ts';
import { countJobs } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, withWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

let stack: WorkerStack;

beforeAll(async () => {
  stack = await openWorkerStack();
  await stack.startWorker();
});
afterAll(async () => stack.close());

const control = (run: string, action: 'suspend' | 'resume', org = stack.org): Promise<Answer<Started>> =>
  org.call('POST', `/v1/orgs/${org.orgId}/runs/${run}/${action}`);

const types = async (run: string, org = stack.org): Promise<string[]> =>
  (await org.events(run)).body.items.map(({ type }) => type);

const suspends = async (run: string, org = stack.org): Promise<void> => {
  expect(await control(run, 'suspend', org)).toMatchObject({
    status: 202,
    body: { run: { status: 'suspended' } },
  });
};

/** A run that began later has ended: whatever was to happen to earlier ones would have happened. */
const othersEnded = async (own = stack): Promise<void> => {
  const id = await own.org.publish(workflow({ answer: { set: { x: 1 } } }));
  await own.allEnded([await own.begin(id)]);
};

const NAP = (wait: Record<string, number>) => ({ nap: { wait } });

describe('a run that is queued', () => {
  it('never starts while it is suspended, and goes on when it is resumed', () =>
    withWorkerStack({}, async (own) => {
      const { org, effects } = own;
      const id = await org.publish(workflow(callStep(effects.endpoint('one'))));
      const run = await own.begin(id);
      await suspends(run, org);
      expect(await control(run, 'suspend', org)).toMatchObject({
        status: 200,
        body: { run: { status: 'suspended' } },
      });
      await waitUntil(async () => (await countJobs(own.redis.url)) === 0, { what: 'its job is taken back' });
      await own.startWorker();
      await othersEnded(own);
      expect(await own.row(run)).toMatchObject({ status: 'suspended', lease: 0, attempt_count: 0 });
      const resumed = await control(run, 'resume', org);
      expect(resumed).toMatchObject({ status: 202, body: { run: { status: 'queued' } } });
      expect((await org.ended(run)).status).toBe('succeeded');
      expect(effects.counts(run)).toEqual({ one: 1 });
      const story = ['run_enqueued', 'run_suspended', 'run_resumed', 'run_started'];
      expect((await types(run, org)).slice(0, 4)).toEqual(story);
      expect(own.events('workflow_run_suspended', run)).toHaveLength(1);
      expect(own.events('workflow_run_resumed', run)).toHaveLength(1);
    }));

  it('for a later start is not due before, for all that', async () => {
    const { org, workflowId } = stack;
    const startAt = new Date(Date.now() + 3_600_000).toISOString();
    const run = (await org.start(workflowId, { startAt })).body.run.id;
    await suspends(run);
    expect(await control(run, 'resume')).toMatchObject({
      status: 202,
      body: { run: { status: 'queued', nextAttemptAt: startAt } },
    });
    expect((await org.cancel(run)).status).toBe(202);
  });
});

describe('a run that waits', () => {
  it('for a timer that is over meanwhile does not go on until it is resumed', async () => {
    const { org } = stack;
    const run = await stack.begin(await org.publish(workflow(NAP({ milliseconds: 1200 }))));
    await org.reached(run, 'waiting');
    await suspends(run);
    await waitUntil(
      async () => {
        const [row] = await stack.sql<{ due: boolean }[]>`
          SELECT next_attempt_at <= now() AS due FROM workflow_runs WHERE id = ${run}`;
        return row?.due;
      },
      { what: 'its timer is over' },
    );
    await othersEnded();
    expect(await stack.row(run)).toMatchObject({ status: 'suspended', lease: 1 });
    expect((await org.get(run)).body.run.waitingFor).toMatchObject({ reason: 'suspended' });
    expect(await control(run, 'resume')).toMatchObject({ status: 202, body: { run: { status: 'waiting' } } });
    expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
  });

  it('for a timer that is not over goes on waiting for it', async () => {
    const { org } = stack;
    const run = await stack.begin(await org.publish(workflow(NAP({ hours: 1 }))));
    const { nextAttemptAt } = await org.reached(run, 'waiting');
    await suspends(run);
    const resumed = await control(run, 'resume');
    expect(resumed).toMatchObject({ status: 202, body: { run: { status: 'waiting', nextAttemptAt } } });
    expect(await control(run, 'resume')).toMatchObject({ status: 200, body: { run: { status: 'waiting' } } });
    expect((await org.cancel(run)).status).toBe(202);
  });

  it('for a child that ends meanwhile sees it when it is resumed; the child was not suspended', async () => {
    const { org, effects } = stack;
    const child = workflow(callStep(effects.endpoint('slow', { delayMs: 400 }))).replace(
      '"worker"',
      '"child"',
    );
    await org.publish(child);
    const runChild = { run: { workflow: { namespace: 'test', name: 'child', version: 'latest' } } };
    const run = await stack.begin(await org.publish(workflow({ runChild })));
    await org.reached(run, 'waiting');
    await suspends(run);
    const children = () => stack.sql<{ status: string }[]>`
      SELECT status FROM workflow_runs WHERE parent_run_id = ${run}`;
    await waitUntil(async () => (await children())[0]?.status === 'succeeded', { what: 'the child ends' });
    await othersEnded();
    expect((await stack.row(run)).status).toBe('suspended');
    expect((await control(run, 'resume')).status).toBe(202);
    expect((await org.ended(run)).status).toBe('succeeded');
  });
});

describe('a run that is running', () => {
  const twoSteps = () =>
    workflow(
      callStep(stack.effects.endpoint('first', { delayMs: 1500 })),
      callStep(stack.effects.endpoint('second')),
      gathered,
    );

  it('ends its call under way, starts no further task, and goes on after it when it is resumed', async () => {
    const { org, effects } = stack;
    const run = await stack.begin(await org.publish(twoSteps()));
    await effects.called(run, 'first');
    expect(await control(run, 'suspend')).toMatchObject({
      status: 202,
      body: { run: { status: 'running' } },
    });
    expect(await control(run, 'suspend')).toMatchObject({
      status: 200,
      body: { run: { status: 'running' } },
    });
    expect(await org.reached(run, 'suspended')).toMatchObject({ attemptCount: 1, nextAttemptAt: null });
    expect(effects.of(run)).toMatchObject([{ step: 'first', status: 200, abandonedAt: null }]);
    await othersEnded();
    expect(effects.counts(run)).toEqual({ first: 1 });
    expect((await control(run, 'resume')).status).toBe(202);
    expect(await org.ended(run)).toMatchObject({
      status: 'succeeded',
      attemptCount: 1,
      output: { steps: ['first 1', 'second 1'] },
    });
    expect(effects.counts(run)).toEqual({ first: 1, second: 1 });
    expect((await types(run)).filter((type) => /suspended|resumed/.test(type))).toEqual([
      'run_suspended',
      'run_resumed',
    ]);
  });

  it('is not suspended when that is taken back in time', async () => {
    const { org, effects } = stack;
    const run = await stack.begin(await org.publish(twoSteps()));
    await effects.called(run, 'first');
    expect((await control(run, 'suspend')).status).toBe(202);
    expect(await control(run, 'resume')).toMatchObject({ status: 202, body: { run: { status: 'running' } } });
    expect((await org.ended(run)).status).toBe('succeeded');
    expect(effects.counts(run)).toEqual({ first: 1, second: 1 });
  });
});

describe('what makes no sense', () => {
  it('a suspended run can be cancelled; one that has ended is neither suspended nor resumed', async () => {
    const { org } = stack;
    const run = await stack.begin(await org.publish(workflow(NAP({ hours: 1 }))));
    await org.reached(run, 'waiting');
    await suspends(run);
    expect(await org.cancel(run)).toMatchObject({ status: 202, body: { run: { status: 'cancelled' } } });
    for (const action of ['suspend', 'resume'] as const) {
      expect(await control(run, action)).toMatchObject({
        status: 409,
        code: 'INVALID_STATE',
        body: { detail: 'The run has already ended: cancelled.' },
      });
    }
  });

  it("another org's run is not found", async () => {
    const stranger = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const startAt = new Date(Date.now() + 3_600_000).toISOString();
    const run = (await stack.org.start(stack.workflowId, { startAt })).body.run.id;
    for (const action of ['suspend', 'resume'] as const) {
      expect(await control(run, action, stranger)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    }
    expect((await stack.row(run)).status).toBe('queued');
    await stack.org.cancel(run);
  });
});

// Last: everything in Redis is lost.
it('both are answered while Redis is down, and the run goes on when it is back', async () => {
  const { org } = stack;
  const run = await stack.begin(await org.publish(workflow(NAP({ seconds: 2 }))));
  await org.reached(run, 'waiting');
  const fault = killed(stack.redis);
  await fault.begin();
  try {
    await suspends(run);
    const resumed = await control(run, 'resume');
    expect(resumed).toMatchObject({ status: 202, body: { run: { status: 'waiting' } } });
    expect(resumed.latencyMs).toBeLessThan(3000);
  } finally {
    await fault.end();
  }
  expect((await org.ended(run, 20_000)).status).toBe('succeeded');
  await stack.expectInvariants();
});
