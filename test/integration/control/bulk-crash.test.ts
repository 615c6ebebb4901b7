/** A bulk operation outlives the worker that carries it out. */
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import type { Bulk } from './bulk-kit.ts';

const RUNS = 1500;

let stack: WorkerStack;
beforeAll(async () => {
  stack = await openWorkerStack();
});
afterAll(async () => stack.close());

async function insertFailed(): Promise<void> {
  const ids = Array.from({ length: RUNS }, () => uuidv7());
  await stack.sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status, finished_at, started_at)
    SELECT n.id, ${stack.org.orgId}::uuid, ${stack.workflowId}::uuid, 1, 'api', 'test', 3, 'failed', now(), now()
    FROM unnest(${`{${ids.join(',')}}`}::uuid[]) AS n(id)`;
}

it('kill -9 of the worker in the middle: another goes on, each run is repeated once and counted once', async () => {
  const { org } = stack;
  const path = `/v1/orgs/${org.orgId}/runs/bulk`;
  await insertFailed();
  const { status, body } = await org.call<{ bulk: Bulk }>('POST', path, {
    action: 'rerun',
    filter: { status: 'failed' },
  });
  expect(status).toBe(202);
  const find = async (): Promise<Bulk> =>
    (await org.call<{ bulk: Bulk }>('GET', `${path}/${body.bulk.id}`)).body.bulk;

  const first = await stack.startWorker({ WORKFLOW_QUEUE_CONCURRENCY: '1' });
  await waitUntil(async () => (await find()).processedCount > 0, { what: 'a page is done' });
  first.kill('SIGKILL');
  expect(await find()).toMatchObject({ status: 'running', matchedCount: RUNS });
  const second = await stack.startWorker();
  const done = await waitUntil(
    async () => {
      const bulk = await find();
      return bulk.status === 'completed' ? bulk : null;
    },
    { what: 'the operation is completed', timeoutMs: 30_000 },
  );
  expect(done).toMatchObject({ processedCount: RUNS, succeededCount: RUNS, skippedCount: 0 });
  const [reruns] = await stack.sql<{ all: number; distinct: number }[]>`
    SELECT count(*)::int AS all, count(DISTINCT rerun_of)::int AS distinct FROM workflow_runs WHERE trigger = 'rerun'`;
  expect(reruns).toEqual({ all: RUNS, distinct: RUNS });
  await second.stop();
});
