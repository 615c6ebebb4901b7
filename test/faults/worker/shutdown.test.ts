/** A worker is asked to stop (SIGTERM) under load. */
import { expect } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import type { TestWorker } from '../../support/processes.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { itSideBySide } from '../../support/side-by-side.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';
import { withWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const GRACE_MS = 3000;
/** The default lease: what is finished soon after the stop was handed over, not found by a lost heartbeat. */
const ENV = { WORKFLOW_LEASE_MS: '15000', SHUTDOWN_GRACE_MS: String(GRACE_MS) };

/** Sends SIGTERM and waits for the end; how long it took, ms. */
async function terminate(worker: TestWorker): Promise<number> {
  const sentAt = performance.now();
  worker.kill('SIGTERM');
  const end = await worker.exited;
  const took = performance.now() - sentAt;
  expect(end).toEqual({ code: 0, signal: null });
  return took;
}

interface Load {
  long: string[];
  hanging: string[];
  quick: string[];
  quickId: string;
}

const LONG_STEPS = 12;

/** Runs of many steps, runs that hang in a call (the first time), and short ones. */
async function beginLoad({ effects, org, begin }: WorkerStack): Promise<Load> {
  const names = Array.from({ length: LONG_STEPS }, (_none, index) => `s${index}`);
  const steps = names.map((name) => callStep(effects.endpoint(name, { delayMs: 250 })));
  const hang = callStep(effects.endpoint('hang', { hang: true, times: 1 }));
  const [longId, hangingId, quickId] = await Promise.all([
    org.publish(workflow(...steps, gathered)),
    org.publish(workflow(callStep(effects.endpoint('one')), hang, gathered)),
    org.publish(workflow(callStep(effects.endpoint('quick', { delayMs: 200 })), gathered)),
  ]);
  const many = (id: string, count: number) => Promise.all(Array.from({ length: count }, () => begin(id)));
  const load = {
    long: await many(longId, 8),
    hanging: await many(hangingId, 2),
    quick: await many(quickId, 10),
    quickId,
  };
  await Promise.all(load.long.map((run) => effects.called(run, 's1')));
  await Promise.all(load.hanging.map((run) => effects.called(run, 'hang')));
  return load;
}

const begunBy = (worker: TestWorker): unknown[] =>
  worker.logs.filter(({ event }) => event === 'workflow_run_started').map(({ runId }) => runId);

async function underLoad(stack: WorkerStack): Promise<void> {
  const { effects, begin } = stack;
  const stopping = await stack.startWorker();
  const { long, hanging, quick, quickId } = await beginLoad(stack);
  const other = await stack.startWorker();
  const sentAt = new Date().toISOString();
  const ending = terminate(stopping);
  await stopping.waitForLog(({ event }) => event === 'worker_stopping', { what: 'stopping' });
  const after = await Promise.all([1, 2, 3, 4, 5].map(() => begin(quickId)));
  const took = await ending;
  console.info(`ended ${took.toFixed(0)} ms after SIGTERM (SHUTDOWN_GRACE_MS=${GRACE_MS})`);
  expect(took).toBeLessThan(GRACE_MS);
  const runs = [...long, ...hanging, ...quick, ...after];
  expect(new Set(await stack.allEnded(runs, 8000))).toEqual(new Set(['succeeded']));
  console.info(`every run ended ${Date.now() - Date.parse(sentAt)} ms after SIGTERM`);
  for (const run of runs) expect((await stack.row(run)).attempt_count).toBe(1);
  for (const run of long) expect(Object.values(effects.counts(run))).toEqual(Array(LONG_STEPS).fill(1));
  for (const run of hanging) {
    expect(effects.counts(run)).toEqual({ one: 1, hang: 2 });
    const [first, second] = effects.of(run).filter(({ step }) => step === 'hang');
    expect(first?.abandonedAt).not.toBeNull();
    expect(second?.key).toBe(first?.key);
  }
  // No run is begun by a worker that is stopping.
  expect(after.filter((run) => begunBy(stopping).includes(run))).toEqual([]);
  expect(after.filter((run) => !begunBy(other).includes(run))).toEqual([]);
  const stream = '{vespid}:workflow-runs:events';
  const events = await onRedis(stack.redis.url, (client) => client.xrange(stream, '-', '+'));
  expect(events.filter(([, fields]) => fields.includes('stalled'))).toEqual([]);
  // Handed over, not found by the search for lost jobs.
  const requeued = stack.events('workflow_run_requeued').filter(({ time }) => String(time) > sentAt);
  expect(requeued).toEqual([]);
  expect(await stack.sql`SELECT 1 FROM workers WHERE id = ${stopping.workerId}`).toHaveLength(0);
  await stack.expectInvariants();
}

async function cutOff(stack: WorkerStack): Promise<void> {
  const { effects, org, env } = stack;
  const id = await org.publish(
    workflow(callStep(effects.endpoint('hang', { hang: true, times: 1 })), gathered),
  );
  const [database, redis] = await Promise.all([openTcpProxy(env.DATABASE_URL), openTcpProxy(env.REDIS_URL)]);
  try {
    const urls = {
      DATABASE_URL: database.through(env.DATABASE_URL),
      REDIS_URL: redis.through(env.REDIS_URL),
    };
    const stopping = await stack.startWorker(urls);
    const run = await stack.begin(id);
    await effects.called(run, 'hang');
    for (const proxy of [database, redis]) proxy.hold('both');
    const took = await terminate(stopping);
    console.info(`ended ${took.toFixed(0)} ms after SIGTERM, cut off from Redis and Postgres`);
    expect(took).toBeLessThan(GRACE_MS);
    await stack.startWorker();
    expect(await org.ended(run)).toMatchObject({ status: 'succeeded', output: { steps: ['hang 2'] } });
    await stack.expectInvariants({ killed: true });
  } finally {
    await Promise.all([database.close(), redis.close()]);
  }
}

itSideBySide({
  'SIGTERM under load: 0 within the grace; what was begun ends, here or in another worker, in the same attempt':
    () => withWorkerStack({ env: ENV }, underLoad),
  'SIGTERM while Redis and Postgres do not answer: 0 within the grace; another worker finishes the run': () =>
    withWorkerStack({ env: { ...ENV, WORKFLOW_LEASE_MS: '1500' } }, cutOff),
});
