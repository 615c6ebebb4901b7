/** A worker is asked to stop (SIGTERM) under load. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import type { TestWorker } from '../../support/processes.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const GRACE_MS = 3000;
/** Of the test's own measuring: scheduling on a loaded machine. */
const SLACK_MS = 300;
let stack: WorkerStack;

beforeEach(async () => {
  // The default lease: what is finished soon after the stop was handed over, not found by a lost heartbeat.
  stack = await openWorkerStack({ env: { WORKFLOW_LEASE_MS: '15000', SHUTDOWN_GRACE_MS: String(GRACE_MS) } });
});
afterEach(async () => stack.close());

/** Sends SIGTERM and waits for the end; how long it took, ms. */
async function terminate(worker: TestWorker): Promise<number> {
  const sentAt = performance.now();
  worker.kill('SIGTERM');
  const end = await worker.exited;
  const took = performance.now() - sentAt;
  expect(end).toEqual({ code: 0, signal: null });
  return took;
}

describe('SIGTERM under load', () => {
  it('ends with 0 within the grace; what it had begun is finished here or by another worker, in the same attempt', async () => {
    const { effects, org } = stack;
    const steps = Array.from({ length: 12 }, (_none, index) => callStep(effects.endpoint(`s${index}`, { delayMs: 250 })));
    const [long, hanging, quick] = await Promise.all([
      org.publish(workflow(...steps, gathered)),
      org.publish(workflow(callStep(effects.endpoint('one')), callStep(effects.endpoint('hang', { hang: true, times: 1 })), gathered)),
      org.publish(workflow(callStep(effects.endpoint('quick', { delayMs: 200 })), gathered)),
    ]);
    const stopping = await stack.startWorker();
    const begin = (id: string, count: number): Promise<string[]> =>
      Promise.all(Array.from({ length: count }, () => stack.begin(id)));
    const [longRuns, hangingRuns, quickRuns] = [await begin(long, 8), await begin(hanging, 2), await begin(quick, 10)];
    await Promise.all(longRuns.map((run) => effects.called(run, 's1')));
    await Promise.all(hangingRuns.map((run) => effects.called(run, 'hang')));
    const other = await stack.startWorker();
    const late = await begin(quick, 5);
    const sentAt = Date.now();
    const ending = terminate(stopping);
    await stopping.waitForLog(({ event }) => event === 'worker_stopping', { what: 'stopping' });
    const after = await begin(quick, 5);
    const took = await ending;
    console.info(`ended ${took.toFixed(0)} ms after SIGTERM (SHUTDOWN_GRACE_MS=${GRACE_MS})`);
    expect(took).toBeLessThan(GRACE_MS + SLACK_MS);
    const runs = [...longRuns, ...hangingRuns, ...quickRuns, ...late, ...after];
    expect(new Set(await stack.allEnded(runs, 8000))).toEqual(new Set(['succeeded']));
    console.info(`every run ended ${Date.now() - sentAt} ms after SIGTERM`);
    for (const run of runs) expect((await stack.row(run)).attempt_count).toBe(1);
    for (const run of longRuns) expect(Object.values(effects.counts(run))).toEqual(steps.map(() => 1));
    for (const run of hangingRuns) {
      expect(effects.counts(run)).toEqual({ one: 1, hang: 2 });
      const [first, second] = effects.of(run).filter(({ step }) => step === 'hang');
      expect(first?.abandonedAt).not.toBeNull();
      expect(second?.key).toBe(first?.key);
    }
    // No run is begun by a worker that is stopping.
    const started = (worker: TestWorker): unknown[] =>
      worker.logs.filter(({ event }) => event === 'workflow_run_started').map(({ runId }) => runId);
    expect(after.filter((run) => started(stopping).includes(run))).toEqual([]);
    expect(after.filter((run) => !started(other).includes(run))).toEqual([]);
    const events = await onRedis(stack.redis.url, (client) => client.xrange('{vespid}:workflow-runs:events', '-', '+'));
    expect(events.filter(([, fields]) => fields.includes('stalled'))).toEqual([]);
    expect(await stack.sql`SELECT 1 FROM workers WHERE id = ${stopping.workerId}`).toHaveLength(0);
    await stack.expectInvariants();
  });
});

describe('SIGTERM while Redis and Postgres do not answer', () => {
  it('ends with 0 within the grace, and the run is finished by another worker', async () => {
    const { effects, org, env } = stack;
    const id = await org.publish(workflow(callStep(effects.endpoint('hang', { hang: true, times: 1 })), gathered));
    const proxies = await Promise.all([openTcpProxy(env.DATABASE_URL), openTcpProxy(env.REDIS_URL)]);
    try {
      const [database, redis] = proxies;
      const urls = { DATABASE_URL: database.through(env.DATABASE_URL), REDIS_URL: redis.through(env.REDIS_URL) };
      const stopping = await stack.startWorker({ ...urls, WORKFLOW_LEASE_MS: '1500' });
      const run = await stack.begin(id);
      await effects.called(run, 'hang');
      for (const proxy of proxies) proxy.hold('both');
      const took = await terminate(stopping);
      console.info(`ended ${took.toFixed(0)} ms after SIGTERM, cut off from Redis and Postgres`);
      expect(took).toBeLessThan(GRACE_MS + SLACK_MS);
      await stack.startWorker({ WORKFLOW_LEASE_MS: '1500' });
      expect(await org.ended(run, 10_000)).toMatchObject({ status: 'succeeded', output: { steps: ['hang 2'] } });
      await stack.expectInvariants({ killed: true });
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
  });
});
