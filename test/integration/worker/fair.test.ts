/** Fairness between orgs and priority within one, on a real worker that executes one run at a time. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createOrg, type OrgClient } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const STEPS = `
document: { dsl: 1.0.3, namespace: test, name: steps, version: 1.0.0 }
do:
  - one: { set: { a: 1 } }
  - two: { set: { b: '\${ .a + 1 }' } }
  - three: { set: { c: '\${ .b + 1 }' } }
`;
/** Waits for the time that it is given, without a slot. */
const TIMER = `
document: { dsl: 1.0.3, namespace: test, name: timer, version: 1.0.0 }
do:
  - pause: { wait: { milliseconds: 1500 } }
`;

let stack: WorkerStack;
let a: OrgClient;
let b: OrgClient;
let steps: { a: string; b: string };

beforeAll(async () => {
  stack = await openWorkerStack();
  a = stack.org;
  b = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
  steps = { a: await a.publish(STEPS), b: await b.publish(STEPS) };
});
afterAll(async () => stack.close());

beforeEach(async () => {
  await onRedis(stack.redis.url, (redis) => redis.flushall());
  await stack.sql`DELETE FROM workflow_runs`;
});
/** With a worker of the test's own. */
async function withWorker(action: () => Promise<void>): Promise<void> {
  const worker = await stack.startWorker({ WORKFLOW_QUEUE_CONCURRENCY: '1' });
  try {
    await action();
  } finally {
    await worker.stop();
  }
}

async function queue(org: OrgClient, workflowId: string, count: number, priority = 5): Promise<string[]> {
  const { body } = await org.batch(
    workflowId,
    Array.from({ length: count }, () => ({ priority })),
  );
  return body.items.map(({ run }) => run?.id ?? '');
}

/** Ids in the order of their first start. */
async function startOrder(): Promise<string[]> {
  const rows = await stack.sql<{ id: string }[]>`
    SELECT id FROM workflow_runs WHERE started_at IS NOT NULL ORDER BY started_at, id`;
  return rows.map(({ id }) => id);
}

it("a run starts after at most a few of another org's backlog", async () => {
  await queue(a, steps.a, 200);
  const [mine = ''] = await queue(b, steps.b, 1);
  await withWorker(async () => {
    await b.ended(mine);
    expect((await startOrder()).indexOf(mine)).toBeLessThanOrEqual(3);
  });
});

it('a run that is started while the backlog is worked off does not wait for its end', async () => {
  const backlog = await queue(a, steps.a, 400);
  await withWorker(async () => {
    await waitUntil(async () => (await startOrder()).length >= 20, { what: 'some have started' });
    const [mine = ''] = await queue(b, steps.b, 1);
    await b.ended(mine);
    const order = await startOrder();
    expect(order.length).toBeLessThan(backlog.length);
  });
});

it('a run of priority 9 overtakes the backlog of its own org', async () => {
  const low = await queue(a, steps.a, 100, 1);
  const high = await queue(a, steps.a, 5, 9);
  await withWorker(async () => {
    await stack.allEnded([...low, ...high]);
    expect((await startOrder()).slice(0, 5).toSorted()).toEqual(high.toSorted());
  });
});

it('the order is fair again after a FLUSHALL', async () => {
  await queue(a, steps.a, 100);
  await withWorker(async () => {
    await waitUntil(async () => (await startOrder()).length >= 5, { what: 'some have started' });
    await onRedis(stack.redis.url, (redis) => redis.flushall());
    await queue(a, steps.a, 200);
    const [mine = ''] = await queue(b, steps.b, 1);
    await b.ended(mine);
    expect((await startOrder()).length).toBeLessThan(250);
  });
});

it('timers of one org that are due together do not keep another waiting', async () => {
  const timer = await a.publish(TIMER);
  const timers = await queue(a, timer, 200);
  await withWorker(async () => {
    await waitUntil(
      async () => (await stack.sql`SELECT 1 FROM workflow_runs WHERE status = 'waiting'`).length === 200,
      { what: 'all wait' },
    ).catch(() => {});
    const [mine = ''] = await queue(b, steps.b, 1);
    const run = await b.ended(mine);
    expect(Date.parse(run.startedAt ?? '') - Date.parse(run.createdAt)).toBeLessThan(1000);
    await stack.allEnded(timers);
  });
});
