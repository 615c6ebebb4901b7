/** What real workers tell subscribers of the life of runs, also when one of them is killed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Sql } from '../../../lib/db/client.ts';
import type { Subscription } from '../../../lib/db/events/subscriptions.ts';
import { callStep, workflow } from '../../support/effects.ts';
import { waitUntil } from '../../support/stack.ts';
import type { TestWorker } from '../../support/processes.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import { openReceiver, verified, type Receiver } from './receiver.ts';
import { storeEvent } from './subscription-kit.ts';

const PREFIX = 'io.serverlessworkflow.';

let stack: WorkerStack;
let receiver: Receiver;
let worker: TestWorker;
let sql: Sql;
/** Every secret that was given out. */
const secrets: string[] = [];

beforeAll(async () => {
  receiver = await openReceiver();
  stack = await openWorkerStack({ env: { EVENT_RETRY_BACKOFF_MS: '50', LOG_LEVEL: 'debug' } });
  worker = await stack.startWorker();
  sql = openDatabase({ url: stack.database.url, timeoutMs: 5000, max: 2, prepare: true, name: 'test' });
});
afterAll(async () => {
  await sql.end();
  await stack.close();
  await receiver.close();
});

async function subscribe(path: string, types: string[]): Promise<{ id: string; secret: string }> {
  const body = { url: receiver.url(path), types };
  const made = await stack.org.call<{ subscription: Subscription; secret: string }>(
    'POST',
    `/v1/orgs/${stack.org.orgId}/subscriptions`,
    body,
  );
  expect(made.status).toBe(201);
  secrets.push(made.body.secret);
  return { id: made.body.subscription.id, secret: made.body.secret };
}

/** Types and data of what came to a path about a run, in the order of its timeline. */
function told(path: string, secret: string, runId: string) {
  return receiver
    .at(path)
    .map((request) => verified(secret, request))
    .filter((event) => event['subject'] === runId)
    .toSorted((one, two) => Number(numberOf(one)) - Number(numberOf(two)))
    .map((event) => [String(event['type']).slice(PREFIX.length), event['data']] as const);
}
const numberOf = (event: Record<string, unknown>): string => String(event['id']).split('/')[1] ?? '';

describe('lifecycle events', () => {
  it('tell of a run from its start to its end, with the name, the task and the time of the DSL', async () => {
    const { secret } = await subscribe('/life', [`${PREFIX}*`]);
    const flaky = callStep(stack.effects.endpoint('flaky', { status: 503, times: 1 }));
    const retry = { delay: { milliseconds: 1 }, limit: { attempt: { count: 2 } } };
    const definition = workflow({ guarded: { try: [flaky], catch: { retry } } });
    const runId = await stack.begin(await stack.org.publish(definition));
    await stack.org.ended(runId);
    const name = `worker-${runId}.test`;
    await waitUntil(() => told('/life', secret, runId).length >= 9, { what: 'everything is told' });
    const events = told('/life', secret, runId);
    const task = '/do/0/guarded';
    expect(events.map(([type]) => type)).toEqual([
      'workflow.started.v1',
      'task.started.v1',
      'task.started.v1',
      'task.faulted.v1',
      'task.retried.v1',
      'task.started.v1',
      'task.completed.v1',
      'task.completed.v1',
      'workflow.completed.v1',
    ]);
    const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
    expect(events[0]?.[1]).toEqual({
      name,
      definition: { namespace: 'test', name: 'worker', version: '1.0.0' },
      startedAt: time,
    });
    expect(events[1]?.[1]).toEqual({ workflow: name, task, startedAt: time });
    expect(events[3]?.[1]).toMatchObject({ workflow: name, faultedAt: time, error: { status: 503 } });
    const outputUri = `/v1/orgs/${stack.org.orgId}/runs/${runId}`;
    expect(events.at(-1)?.[1]).toEqual({ name, completedAt: time, outputUri });
  });

  it('tell of a failure and of a cancellation, and only those that are followed are sent', async () => {
    const types = [`${PREFIX}workflow.faulted.v1`, `${PREFIX}workflow.cancelled.v1`];
    const { secret } = await subscribe('/ends', types);
    const error = { type: 'https://example.com/errors/no', status: 418, title: 'No' };
    const [failing, hanging] = await Promise.all([
      stack.org.publish(workflow({ raised: { raise: { error } } })),
      stack.org.publish(workflow({ nap: { wait: { hours: 1 } } })),
    ]);
    const [failed, cancelled] = [await stack.begin(failing), await stack.begin(hanging)];
    await stack.org.reached(cancelled, 'waiting');
    await stack.org.cancel(cancelled);
    await receiver.reached('/ends', 2);
    expect(told('/ends', secret, failed)).toEqual([
      ['workflow.faulted.v1', expect.objectContaining({ error: expect.objectContaining({ status: 418 }) })],
    ]);
    expect(told('/ends', secret, cancelled)).toEqual([
      ['workflow.cancelled.v1', { name: `worker-${cancelled}.test`, cancelledAt: expect.any(String) }],
    ]);
    expect(receiver.at('/ends')).toHaveLength(2);
  });

  it('are each stored once, also when a crash repeats the work', async () => {
    await waitUntil(async () => (await sql`SELECT FROM lifecycle_outbox`).length === 0, {
      what: 'no note is left',
    });
    const before = await sql`SELECT id FROM events WHERE kind = 'lifecycle' ORDER BY id`;
    expect(before.length).toBeGreaterThan(0);
    await sql`INSERT INTO lifecycle_outbox (run_id, org_id, first, created_at)
      SELECT run_id, org_id, first, created_at FROM workflow_run_events`;
    await waitUntil(async () => (await sql`SELECT FROM lifecycle_outbox`).length === 0, {
      what: 'no note is left',
    });
    expect(await sql`SELECT id FROM events WHERE kind = 'lifecycle' ORDER BY id`).toEqual(before);
  });

  it('are not made of a timeline that has expired; its note goes', async () => {
    const before = await sql`SELECT FROM events`;
    await sql`INSERT INTO lifecycle_outbox (run_id, org_id, first)
      VALUES (gen_random_uuid(), ${stack.org.orgId}, 1)`;
    await waitUntil(async () => (await sql`SELECT FROM lifecycle_outbox`).length === 0, {
      what: 'the note is gone',
    });
    expect(await sql`SELECT FROM events`).toHaveLength(before.length);
  });
});

it('kill -9 of a worker amid a delivery: the event arrives all the same, under the same id', async () => {
  receiver.answer('/killed', (call) => ({ status: call === 1 ? 'hang' : 200 }));
  const { id, secret } = await subscribe('/killed', ['com.acme.*']);
  await storeEvent(sql, stack.org.orgId, 'com.acme.paid', 'x');
  await receiver.reached('/killed');
  worker.kill('SIGKILL');
  await worker.exited;
  const second = await stack.startWorker();
  // The lease of the dead worker's attempt is over.
  await sql`UPDATE event_deliveries SET next_attempt_at = now() WHERE subscription_id = ${id}`;
  const requests = await receiver.reached('/killed', 2);
  expect(new Set(requests.map((request) => request.id)).size).toBe(1);
  for (const request of requests) expect(verified(secret, request)).toMatchObject({ type: 'com.acme.paid' });
  await second.stop();
});

it('no secret is in any log', () => {
  const logs = JSON.stringify(stack.processes.map((process) => process.logs));
  expect(logs.length).toBeGreaterThan(1000);
  expect(secrets).toHaveLength(3);
  for (const secret of secrets) expect(logs).not.toContain(secret.slice('whsec_'.length));
});
