/** A worker is stopped (SIGSTOP) in the middle of a run, and goes on after its lease was taken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import type { TestWorker } from '../../support/processes.ts';
import { itSideBySide } from '../../support/side-by-side.ts';
import { waitUntil } from '../../support/stack.ts';
import { openTcpProxy } from '../../support/tcp-proxy.ts';
import { withWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const DEFAULT_LEASE = { WORKFLOW_LEASE_MS: '15000' };

/** Resolves when the worker has told Postgres twice that it lives again. */
async function beating({ sql }: WorkerStack, worker: TestWorker): Promise<void> {
  const beat = async (): Promise<string | undefined> => {
    const [row] = await sql<{ at: string }[]>`
      SELECT heartbeat_at::text AS at FROM workers WHERE id = ${worker.workerId}`;
    return row?.at;
  };
  let last = await beat();
  for (let beats = 0; beats < 2; beats += 1) {
    last = await waitUntil(async () => (await beat()) !== last && beat(), { what: 'a heartbeat' });
  }
}

const fenced = (worker: TestWorker, run: string) =>
  worker.waitForLog(({ event, runId }) => event === 'workflow_run_fenced' && runId === run, {
    what: 'fenced',
  });

/**
 * Stops a worker that sleeps in place before the one call of its run, lets something happen to the run, and makes it
 * go on while Postgres is slow to answer it: it has to ask before it calls.
 */
async function stoppedBeforeACall(
  stack: WorkerStack,
  happens: (run: string) => Promise<unknown>,
): Promise<string> {
  const { effects, env, org } = stack;
  const database = await openTcpProxy(env.DATABASE_URL);
  try {
    const worker = await stack.startWorker({ DATABASE_URL: database.through(env.DATABASE_URL) });
    const nap = { nap: { wait: { milliseconds: 900 } } };
    const [zero, one] = [callStep(effects.endpoint('zero')), callStep(effects.endpoint('one'))];
    const run = await stack.begin(await org.publish(workflow(zero, nap, one, gathered)));
    const isRecorded = async (): Promise<boolean> =>
      (await stack.sql`SELECT 1 FROM workflow_runs WHERE id = ${run} AND timeline_count > 0`).length > 0;
    await waitUntil(isRecorded, { what: 'the first call is recorded, and the run naps' });
    worker.kill('SIGSTOP');
    await happens(run);
    const before = effects.of(run).length;
    database.hold('answers');
    worker.kill('SIGCONT');
    await sleep(600);
    expect(effects.of(run)).toHaveLength(before);
    database.release();
    await fenced(worker, run);
    await beating(stack, worker);
    return run;
  } finally {
    await database.close();
  }
}

async function stoppedDuringACall(stack: WorkerStack): Promise<void> {
  const { effects, org } = stack;
  const id = await org.publish(
    workflow(
      callStep(effects.endpoint('one', { delayMs: 300 })),
      callStep(effects.endpoint('two')),
      gathered,
    ),
  );
  const stopped = await stack.startWorker();
  const runs = await Promise.all([1, 2, 3].map(() => stack.begin(id)));
  await Promise.all(runs.map((run) => effects.called(run, 'one')));
  const stoppedAt = Date.now();
  stopped.kill('SIGSTOP');
  const other = await stack.startWorker();
  await stack.allEnded(runs);
  console.info(`taken over and finished ${Date.now() - stoppedAt} ms after SIGSTOP (lease 1500 ms)`);
  const results = await Promise.all(runs.map(async (run) => (await org.get(run)).body.run));
  stopped.kill('SIGCONT');
  await Promise.all(runs.map((run) => fenced(stopped, run)));
  await beating(stack, stopped);
  for (const [index, run] of runs.entries()) {
    expect((await org.get(run)).body.run).toEqual(results[index]);
    expect(results[index]).toMatchObject({ status: 'succeeded', attemptCount: 2 });
    expect(results[index]?.output).toEqual({ steps: ['one 2', 'two 1'] });
    expect(effects.counts(run)).toEqual({ one: 2, two: 1 });
    expect(stack.events('workflow_run_succeeded', run)).toHaveLength(1);
  }
  expect(other.logs.filter(({ event }) => event === 'workflow_run_fenced')).toEqual([]);
  await stack.expectInvariants();
}

async function takenBeforeACall(stack: WorkerStack): Promise<void> {
  const run = await stoppedBeforeACall(stack, async (id) => {
    await stack.startWorker();
    await stack.allEnded([id]);
  });
  expect(stack.effects.counts(run)).toEqual({ zero: 1, one: 1 });
  await stack.expectInvariants();
}

async function cancelledBeforeACall(stack: WorkerStack): Promise<void> {
  const run = await stoppedBeforeACall(stack, async (id) => {
    expect((await stack.org.cancel(id)).status).toBe(202);
    // From two seconds after the answer on no step may start (design, invariant 10).
    await sleep(2000);
  });
  expect(stack.effects.counts(run)).toEqual({ zero: 1 });
  await stack.expectInvariants();
}

async function stoppedForLessThanTheLease(stack: WorkerStack): Promise<void> {
  const { effects, org } = stack;
  const id = await org.publish(
    workflow(
      callStep(effects.endpoint('one', { delayMs: 300 })),
      callStep(effects.endpoint('two')),
      gathered,
    ),
  );
  const stopped = await stack.startWorker();
  await stack.startWorker();
  const runs = await Promise.all([1, 2, 3, 4].map(() => stack.begin(id)));
  await Promise.all(runs.map((run) => effects.called(run, 'one')));
  stopped.kill('SIGSTOP');
  await sleep(2000);
  stopped.kill('SIGCONT');
  expect(new Set(await stack.allEnded(runs))).toEqual(new Set(['succeeded']));
  for (const run of runs) {
    expect(effects.counts(run)).toEqual({ one: 1, two: 1 });
    expect((await stack.row(run)).attempt_count).toBe(1);
  }
  await stack.expectInvariants();
}

itSideBySide({
  'a worker that goes on after its lease was taken writes nothing: one result, one terminal event': () =>
    withWorkerStack({}, stoppedDuringACall),
  'a worker that goes on after its lease was taken begins no step, also with nothing to write before it':
    () => withWorkerStack({}, takenBeforeACall),
  'a worker that goes on begins no step of a run that was cancelled meanwhile': () =>
    withWorkerStack({ env: DEFAULT_LEASE }, cancelledBeforeACall),
  'a worker that was stopped for less than its lease goes on: nothing is called twice, no attempt is spent':
    () => withWorkerStack({ env: DEFAULT_LEASE }, stoppedForLessThanTheLease),
});
