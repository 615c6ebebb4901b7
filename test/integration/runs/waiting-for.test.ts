/** Why a run is not running: every reason of the contract, section 3, on real processes. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WaitingFor } from '../../../lib/runs/waiting-for.ts';
import { createOrg, type OrgClient, type StartBody } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const document = (name: string): string =>
  `document: { dsl: 1.0.3, namespace: test, name: ${name}, version: 1.0.0 }`;
const LISTENS = `
${document('listens')}
do:
  - order:
      listen: { to: { one: { with: { type: com.example.paid, source: '\${ . == "shop" }' } } } }
`;
const WAITS = `
${document('waits')}
do: [ { pause: { wait: { hours: 1 } } } ]
`;
const PARENT = `
${document('parent')}
do: [ { child: { run: { workflow: { namespace: test, name: waits, version: 1.0.0 } } } } ]
`;
const FAILS = `
${document('fails')}
do: [ { call: { call: http, with: { method: get, endpoint: 'http://127.0.0.1:1/' } } } ]
`;
/** Keeps its slot for almost a second. */
const HOLDS = `
${document('holds')}
do: [ { pause: { wait: { milliseconds: 900 } } } ]
`;

let stack: WorkerStack;
let org: OrgClient;
beforeAll(async () => {
  stack = await openWorkerStack({
    env: { WORKFLOW_QUEUE_CONCURRENCY: '1', WORKFLOW_RETRY_BACKOFF_MS: '60000' },
  });
  org = stack.org;
  await stack.startWorker();
});
afterAll(async () => stack.close());

const begin = async (workflowId: string, body?: StartBody, client = org): Promise<string> =>
  (await client.start(workflowId, body)).body.run.id;

/** Waits until the run says this reason. */
const says = (runId: string, reason: WaitingFor['reason'], timeoutMs = 5000): Promise<WaitingFor> =>
  waitUntil(
    async () => {
      const { waitingFor } = (await org.get(runId)).body.run;
      if (waitingFor?.reason !== reason) throw new Error(`it says ${JSON.stringify(waitingFor)}`);
      return waitingFor;
    },
    { what: `it says ${reason}`, timeoutMs },
  );

it('event: with what the events must have', async () => {
  const run = await begin(await org.publish(LISTENS));
  const said = await says(run, 'event');
  expect(said).toMatchObject({ filter: [{ with: { type: 'com.example.paid' } }] });
  await org.cancel(run);
});

it('timer and child', async () => {
  const [waits, parent] = [await org.publish(WAITS), await org.publish(PARENT)];
  const run = await begin(waits);
  const said = await says(run, 'timer');
  expect(said.reason === 'timer' && Date.parse(said.until)).toBeGreaterThan(Date.now() + 3_500_000);
  const above = await begin(parent);
  await says(above, 'child');
  await org.cancel(above);
  await org.cancel(run);
});

it('timer: a start that lies ahead', async () => {
  const startAt = '2999-01-01T00:00:00.000Z';
  const run = await begin(stack.workflowId, { startAt });
  expect(await says(run, 'timer')).toMatchObject({ until: startAt });
  await org.cancel(run);
});

it('retry_backoff: with the time of the next attempt', async () => {
  const run = await begin(await org.publish(FAILS));
  const said = await says(run, 'retry_backoff');
  expect(said).toMatchObject({ nextAttemptAt: (await org.get(run)).body.run.nextAttemptAt });
  await org.cancel(run);
});

it('suspended', async () => {
  const run = await begin(stack.workflowId, { startAt: '2999-01-01T00:00:00.000Z' });
  expect((await org.call('POST', `/v1/orgs/${org.orgId}/runs/${run}/suspend`)).status).toBeLessThan(300);
  expect(await says(run, 'suspended')).toMatchObject({ reason: 'suspended' });
  await org.cancel(run);
});

it("backlog: the position among the org's own runs, by priority", async () => {
  const holds = await org.publish(HOLDS);
  const other = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
  const otherHolds = await other.publish(HOLDS);
  const busy = await begin(holds);
  await org.reached(busy, 'running');
  const others = [await begin(otherHolds, {}, other), await begin(otherHolds, {}, other)];
  const [low, middle, high] = [
    await begin(stack.workflowId, { priority: 1 }),
    await begin(stack.workflowId, { priority: 5 }),
    await begin(stack.workflowId, { priority: 9 }),
  ];
  const said = await Promise.all([low, middle, high].map((run) => says(run, 'backlog')));
  expect(said.map((waiting) => waiting.reason === 'backlog' && waiting.position)).toEqual([3, 2, 1]);
  for (const waiting of said) expect(waiting).toHaveProperty('oldestAgeMs', expect.any(Number));
  await stack.allEnded([busy, low, middle, high, ...others]);
});

it('org_limit: due, and as many runs of the org in flight as may be', async () => {
  const holds = await org.publish(HOLDS);
  const second = await stack.startWorker();
  try {
    await org.call('PATCH', `/v1/orgs/${org.orgId}/limits`, { maxRunsInFlight: 1 });
    const busy = await begin(holds);
    await org.reached(busy, 'running');
    const run = await begin(holds);
    expect(await says(run, 'org_limit')).toMatchObject({ maxRunsInFlight: 1, position: 1 });
    await stack.allEnded([busy, run]);
  } finally {
    await org.call('PATCH', `/v1/orgs/${org.orgId}/limits`, { maxRunsInFlight: null });
    await second.stop();
  }
});

it('org_limit: also beside a backlog that is too long to be looked at', async () => {
  const holds = await org.publish(HOLDS);
  await org.call('PATCH', `/v1/orgs/${org.orgId}/limits`, { maxRunsInFlight: 1 });
  // Younger than what the reconciler looks at: they get no job.
  await stack.sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, input)
    SELECT gen_random_uuid(), ${org.orgId}, ${holds}, 1, 'api', 'test', 3, '{}' FROM generate_series(1, 10000)`;
  try {
    const runs = [];
    for (let count = 0; count < 7; count += 1) runs.push(await begin(holds));
    const said = await says(runs.at(-1) ?? '', 'org_limit', 10_000);
    expect(said).toMatchObject({ maxRunsInFlight: 1 });
    await stack.allEnded(runs);
  } finally {
    await stack.sql`DELETE FROM workflow_runs WHERE workflow_id = ${holds} AND status = 'queued'`;
    await org.call('PATCH', `/v1/orgs/${org.orgId}/limits`, { maxRunsInFlight: null });
  }
});

it('no_worker: within two seconds of the death of the last one', async () => {
  for (const worker of stack.processes.slice(1)) worker.kill('SIGKILL');
  const run = await begin(stack.workflowId);
  expect(await says(run, 'no_worker', 2000)).toMatchObject({ reason: 'no_worker' });
});
