/** A worker is stopped (SIGSTOP) in the middle of a run, and goes on after its lease was taken. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import type { TestWorker } from '../../support/processes.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

let stack: WorkerStack;

beforeEach(async () => {
  stack = await openWorkerStack();
});
afterEach(async () => stack.close());

/** Resolves when the worker has told Postgres that it lives again. */
async function beating(worker: TestWorker): Promise<void> {
  const beat = async (): Promise<string | undefined> => {
    const [row] = await stack.sql<{ at: string }[]>`
      SELECT heartbeat_at::text AS at FROM workers WHERE id = ${worker.workerId}`;
    return row?.at;
  };
  const before = await beat();
  for (let beats = 0, last = before; beats < 2; beats += 1) {
    last = await waitUntil(async () => (await beat()) !== last && beat(), { what: 'a heartbeat' });
  }
}

describe('a worker that goes on after its lease was taken', () => {
  it('writes nothing: the run has one result and one terminal event', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow(callStep(effects.endpoint('one', { delayMs: 300 })), callStep(effects.endpoint('two')), gathered),
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
    await Promise.all(
      runs.map((run) =>
        stopped.waitForLog((line) => line.event === 'workflow_run_fenced' && line.runId === run, { what: 'fenced' }),
      ),
    );
    await beating(stopped);
    for (const [index, run] of runs.entries()) {
      expect((await org.get(run)).body.run).toEqual(results[index]);
      expect(results[index]).toMatchObject({ status: 'succeeded', attemptCount: 2 });
      expect(results[index]?.output).toEqual({ steps: ['one 2', 'two 1'] });
      expect(effects.counts(run)).toEqual({ one: 2, two: 1 });
      expect(stack.events('workflow_run_succeeded', run)).toHaveLength(1);
    }
    expect(other.logs.filter(({ event }) => event === 'workflow_run_fenced')).toEqual([]);
    await stack.expectInvariants();
  });

  it('begins no step, also when there was nothing to write before it', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow({ nap: { wait: { milliseconds: 900 } } }, callStep(effects.endpoint('one')), gathered),
    );
    const stopped = await stack.startWorker();
    const run = await stack.begin(id);
    await stopped.waitForLog(({ event, runId }) => event === 'workflow_run_started' && runId === run, { what: 'start' });
    stopped.kill('SIGSTOP');
    await stack.startWorker();
    await stack.allEnded([run]);
    stopped.kill('SIGCONT');
    await stopped.waitForLog(({ event }) => event === 'workflow_run_fenced', { what: 'fenced' });
    await beating(stopped);
    expect(effects.counts(run)).toEqual({ one: 1 });
    await stack.expectInvariants();
  });

  it('begins no step of a run that was cancelled meanwhile', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow({ nap: { wait: { milliseconds: 900 } } }, callStep(effects.endpoint('one'))),
    );
    const stopped = await stack.startWorker({ WORKFLOW_LEASE_MS: '15000' });
    const run = await stack.begin(id);
    await stopped.waitForLog(({ event, runId }) => event === 'workflow_run_started' && runId === run, { what: 'start' });
    stopped.kill('SIGSTOP');
    expect((await org.cancel(run)).status).toBe(202);
    // Two seconds after the answer no step may start any more (design, invariant 10).
    await sleep(2000);
    stopped.kill('SIGCONT');
    await stopped.waitForLog(({ event }) => event === 'workflow_run_fenced', { what: 'fenced' });
    await beating(stopped);
    expect(effects.counts(run)).toEqual({});
    await stack.expectInvariants();
  });
});

describe('a worker that was stopped for less than its lease', () => {
  it('goes on: nothing is called twice and no attempt is spent', async () => {
    const { effects, org } = stack;
    const id = await org.publish(
      workflow(callStep(effects.endpoint('one', { delayMs: 300 })), callStep(effects.endpoint('two')), gathered),
    );
    const stopped = await stack.startWorker({ WORKFLOW_LEASE_MS: '15000' });
    await stack.startWorker({ WORKFLOW_LEASE_MS: '15000' });
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
  });
});
