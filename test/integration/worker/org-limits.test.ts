/** An org's limit of runs in flight, over two workers. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OrgLimits } from '../../../lib/db/limits.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

/** Holds its worker's slot for a while: a wait of up to a second is slept in place. */
const SLOW = `
document: { dsl: 1.0.3, namespace: test, name: slow, version: 1.0.0 }
do:
  - pause: { wait: { milliseconds: 150 } }
  - answer: { set: { done: true } }
`;

let stack: WorkerStack;
let slow: string;
let watching = true;
/** The most runs in flight that were ever seen. */
let most = 0;

beforeAll(async () => {
  stack = await openWorkerStack();
  slow = await stack.org.publish(SLOW);
  await Promise.all([stack.startWorker(), stack.startWorker()]);
});
afterAll(async () => {
  watching = false;
  await stack.close();
});

async function limit(limits: Partial<OrgLimits>): Promise<void> {
  const path = `/v1/orgs/${stack.org.orgId}/limits`;
  expect((await stack.org.call('PATCH', path, limits)).status).toBe(200);
}

async function watch(): Promise<void> {
  while (watching) {
    const [row] = await stack.sql<{ count: number }[]>`
      SELECT count(*)::int AS count FROM workflow_runs WHERE status = 'running'`;
    most = Math.max(most, row?.count ?? 0);
  }
}

const queue = async (count: number): Promise<string[]> =>
  (
    await stack.org.batch(
      slow,
      Array.from({ length: count }, () => ({})),
    )
  ).body.items.map(({ run }) => run?.id ?? '');

it('is never exceeded, is used, and all runs end; a run beyond it says why it waits', async () => {
  await limit({ maxRunsInFlight: 3 });
  const watcher = watch();
  const runs = await queue(40);
  await waitUntil(() => most > 0, { what: 'some run' });
  const last = runs.at(-1) ?? '';
  const reason = await waitUntil(
    async () => {
      const { waitingFor } = (await stack.org.get(last)).body.run;
      return waitingFor?.reason === 'org_limit' ? waitingFor : null;
    },
    { what: 'the last one waits for the limit', timeoutMs: 2000 },
  );
  expect(reason).toMatchObject({ maxRunsInFlight: 3 });
  expect(new Set(await stack.allEnded(runs))).toEqual(new Set(['succeeded']));
  watching = false;
  await watcher;
  expect(most).toBe(3);
});

it('a raised limit is heeded by what waits already', async () => {
  await limit({ maxRunsInFlight: 1 });
  // Workers read limits every other second.
  await waitUntil(
    async () => {
      const runs = await queue(3);
      await stack.allEnded(runs);
      const rows = await stack.sql<{ overlap: boolean }[]>`
        SELECT bool_or(r.started_at < o.finished_at AND o.started_at < r.finished_at) AS overlap
        FROM workflow_runs r, workflow_runs o WHERE r.id = ANY(${`{${runs.join(',')}}`}::uuid[])
          AND o.id = ANY(${`{${runs.join(',')}}`}::uuid[]) AND r.id < o.id`;
      return rows[0]?.overlap === false;
    },
    { what: 'one at a time' },
  );
  const runs = await queue(60);
  await limit({ maxRunsInFlight: null });
  const began = performance.now();
  await stack.allEnded(runs);
  // One at a time they would take nine seconds.
  expect(performance.now() - began).toBeLessThan(8000);
});

it('slots of a killed worker come back', async () => {
  await limit({ maxRunsInFlight: 2 });
  const doomed = await stack.startWorker();
  const runs = await queue(12);
  await waitUntil(
    async () => (await stack.sql`SELECT 1 FROM workflow_runs WHERE status = 'running'`).length > 0,
    { what: 'some run' },
  );
  doomed.kill('SIGKILL');
  expect(new Set(await stack.allEnded(runs, 20_000))).toEqual(new Set(['succeeded']));
});

it('runs go on after Redis has lost the slots and the queue', async () => {
  const runs = await queue(20);
  await waitUntil(
    async () => (await stack.sql`SELECT 1 FROM workflow_runs WHERE status = 'running'`).length > 0,
    { what: 'some run' },
  );
  await onRedis(stack.redis.url, (redis) => redis.flushall());
  expect(new Set(await stack.allEnded(runs, 20_000))).toEqual(new Set(['succeeded']));
});
