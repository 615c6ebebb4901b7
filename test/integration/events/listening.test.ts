/** Real workers: runs listen without a slot, events find them, and no crash or outage loses an event. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudEvent } from '../../../lib/engine/types.ts';
import type { Run } from '../../../lib/db/runs/row.ts';
import { createOrg, type OrgClient } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

let stack: WorkerStack;
beforeAll(async () => {
  stack = await openWorkerStack();
});
afterAll(() => stack.close());

const definition = (name: string, tasks: Record<string, unknown>[]): string =>
  JSON.stringify({ document: { dsl: '1.0.3', namespace: 'events', name, version: '1.0.0' }, do: tasks });

/** Waits for the payment of the order in its input; the output is the event's data, in an array. */
const PAYMENT = definition('payment', [
  {
    paid: {
      listen: {
        to: {
          one: {
            with: { type: 'order.paid' },
            correlate: { order: { from: '.data.orderId', expect: '${ .orderId }' } },
          },
        },
      },
    },
  },
]);

let count = 0;
const paidEvent = (orderId: string, more: CloudEvent = {}): CloudEvent => ({
  specversion: '1.0',
  id: `payment-${++count}`,
  source: '/shop',
  type: 'order.paid',
  data: { orderId },
  ...more,
});

async function send(org: OrgClient, ...events: CloudEvent[]): Promise<void> {
  const { status } = await org.call('POST', `/v1/orgs/${org.orgId}/events`, events);
  expect(status).toBe(202);
}

const isDispatched = (): Promise<unknown> =>
  waitUntil(async () => (await stack.sql`SELECT 1 FROM events WHERE dispatched_at IS NULL`).length === 0, {
    what: 'every event was dispatched',
  });

/** Starts a run for each order, and waits until each waits for its payment. */
async function awaitPayments(orderIds: string[], org = stack.org): Promise<string[]> {
  const workflowId = await org.publish(PAYMENT);
  const started = await Promise.all(orderIds.map((orderId) => org.start(workflowId, { input: { orderId } })));
  const ids = started.map(({ body }) => body.run.id);
  await Promise.all(ids.map((id) => org.reached(id, 'waiting')));
  return ids;
}

const ended = (ids: string[]): Promise<Run[]> => Promise.all(ids.map((id) => stack.org.ended(id)));

describe('runs that listen', () => {
  it('hold no slot, say what they wait for, and each is woken by its own event alone', async () => {
    const worker = await stack.startWorker({ WORKFLOW_QUEUE_CONCURRENCY: '2' });
    const other = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const [foreign = ''] = await awaitPayments(['1'], other);
    const ids = await awaitPayments(['1', '2', '3', '4', '5']);
    expect((await stack.org.get(ids[0] ?? '')).body.run.waitingFor).toMatchObject({ reason: 'event' });
    await send(stack.org, paidEvent('9'), paidEvent('1', { type: 'order.sent' }), paidEvent('2'));
    const [run] = await ended([ids[1] ?? '']);
    expect(run).toMatchObject({ status: 'succeeded', output: [{ orderId: '2' }], attemptCount: 1 });
    await isDispatched();
    expect((await stack.org.list('?status=waiting')).body.items).toHaveLength(4);
    await send(stack.org, ...['1', '3', '4', '5'].map((orderId) => paidEvent(orderId)));
    expect((await ended(ids)).map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'));
    expect((await other.get(foreign)).body.run.status).toBe('waiting');
    expect((await other.cancel(foreign)).status).toBe(202);
    const left =
      await stack.sql`SELECT owner_id FROM event_listeners UNION ALL SELECT owner_id FROM event_inbox`;
    expect(left, 'ended runs leave no listener').toHaveLength(0);
    await worker.stop();
  });

  it('hear what other runs emit, which is listed with the run that emitted it', async () => {
    const worker = await stack.startWorker();
    const [id = ''] = await awaitPayments(['emitted']);
    const event = { with: { type: 'order.paid', data: { orderId: '${ .orderId }' } } };
    const workflowId = await stack.org.publish(definition('pays', [{ pay: { emit: { event } } }]));
    const emitter = await stack.begin(workflowId, { orderId: 'emitted' });
    expect((await ended([id]))[0]?.output).toEqual([{ orderId: 'emitted' }]);
    const listed = await stack.org.call<{ items: { runId: string; event: CloudEvent }[] }>(
      'GET',
      `/v1/orgs/${stack.org.orgId}/events?kind=emitted&runId=${emitter}`,
    );
    expect(listed.body.items.map(({ event: { type, data } }) => ({ type, data }))).toEqual([
      { type: 'order.paid', data: { orderId: 'emitted' } },
    ]);
    await worker.stop();
  });
});

describe('an event that was accepted', () => {
  it('reaches its run although the worker that leads is killed before it dispatches', async () => {
    const [first, second] = [await stack.startWorker(), await stack.startWorker()];
    const ids = await awaitPayments(['kill-1', 'kill-2', 'kill-3']);
    // Stopped, so that none of them dispatches; then killed: nobody goes on where they stood.
    for (const worker of [first, second]) worker.kill('SIGSTOP');
    await send(stack.org, ...['kill-1', 'kill-2', 'kill-3'].map((orderId) => paidEvent(orderId)));
    for (const worker of [first, second]) worker.kill('SIGKILL');
    const third = await stack.startWorker();
    const outputs = (await ended(ids)).map(({ output }) => output);
    expect(outputs).toEqual(['kill-1', 'kill-2', 'kill-3'].map((orderId) => [{ orderId }]));
    await third.stop();
  });

  it('is accepted while Redis is down, and reaches its run when Redis is back', async () => {
    const worker = await stack.startWorker();
    const ids = await awaitPayments(['redis-1', 'redis-2']);
    await stack.redis.kill('SIGKILL');
    const startedAt = performance.now();
    await send(stack.org, paidEvent('redis-1'));
    expect(performance.now() - startedAt).toBeLessThan(2000);
    await isDispatched();
    await stack.redis.restart();
    await send(stack.org, paidEvent('redis-2'));
    expect((await ended(ids)).map(({ output }) => output)).toEqual([
      [{ orderId: 'redis-1' }],
      [{ orderId: 'redis-2' }],
    ]);
    await worker.stop();
  });
});
