/** One worker among runs that compute all the time: nobody else notices, and they can be stopped. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { workflow } from '../../support/effects.ts';
import { percentile } from '../../support/load.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const LEASE_MS = 1500;
/** As many as the worker has slots: what computes for long leaves its slot to others. */
const LOOPS = 50;
/** Each ends in a limit of its budget; the last in that of its time. */
const HAZARDS = [
  '[range(1e9)]',
  'def f: f; f',
  'repeat(0)',
  '"x" * 1e9',
  '[range(200000)] | map(tostring) | group_by(.[0:2])',
];

/** Evaluates the hazards in turn, for ever; every failure is caught. */
const LOOPING = `
document: { dsl: 1.0.3, namespace: test, name: looping, version: 1.0.0 }
do:
${HAZARDS.map(
  (source, index) => `  - step${index}:
      try: [ { burn: { set: { x: ${JSON.stringify(`\${ ${source} }`)} } } } ]
      catch: {}
`,
).join('')}  - again: { set: { again: true }, then: step0 }
`;

let stack: WorkerStack;
beforeEach(async () => {
  stack = await openWorkerStack({ env: { WORKFLOW_LEASE_MS: String(LEASE_MS) } });
});
afterEach(async () => stack.close());

/** How old the worker's last heartbeat is, by the database's clock. */
async function beatAgeMs(): Promise<number> {
  const [row] = await stack.sql<{ age: number }[]>`
    SELECT (EXTRACT(EPOCH FROM now() - max(heartbeat_at)) * 1000)::float8 AS age FROM workers`;
  return row?.age ?? Number.POSITIVE_INFINITY;
}

it('runs that use up their budgets in a loop delay neither heartbeats nor other runs, and stop when cancelled', async () => {
  const { org } = stack;
  await stack.startWorker({ MAX_RUN_STEPS: '1000000000' });
  const looping = await org.publish(LOOPING);
  const small = await org.publish(workflow({ answer: { set: { sum: '${ 1 + 1 }' } } }));
  const loops = await Promise.all(Array.from({ length: LOOPS }, () => stack.begin(looping)));
  await Promise.all(loops.map((run) => org.reached(run, 'running')));

  const beatAges: number[] = [];
  const latencies: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    const startedAt = performance.now();
    const run = await stack.begin(small);
    expect((await org.ended(run, 5000)).status).toBe('succeeded');
    latencies.push(performance.now() - startedAt);
    beatAges.push(await beatAgeMs());
  }
  console.info(
    `beside ${LOOPS} loops a run took ${percentile(latencies, 50).toFixed(0)} ms (p50), ` +
      `${percentile(latencies, 100).toFixed(0)} ms (max)`,
  );
  expect(Math.max(...beatAges)).toBeLessThan(LEASE_MS);
  const rows = await Promise.all(loops.map((run) => stack.row(run)));
  expect(
    new Set(rows.map(({ status, attempt_count, lease }) => `${status} ${attempt_count} ${lease}`)),
  ).toEqual(new Set(['running 1 1']));

  const cancelledAt = performance.now();
  await Promise.all(loops.map((run) => org.cancel(run)));
  await waitUntil(() => loops.every((run) => stack.events('workflow_run_fenced', run).length > 0), {
    what: 'the loops stop',
  });
  expect(performance.now() - cancelledAt).toBeLessThan(2500);
  await stack.expectInvariants();
});

it('MAX_RUN_STEPS ends a loop of failing expressions, as one attempt', async () => {
  const { org } = stack;
  await stack.startWorker({ MAX_RUN_STEPS: '100' });
  const run = await stack.begin(await org.publish(LOOPING));
  expect(await org.ended(run, 20_000)).toMatchObject({
    status: 'failed',
    attemptCount: 1,
    error: { type: expect.stringMatching(/\/errors\/runtime$/), status: 500 },
  });
  await stack.expectInvariants();
});
