/** Postgres goes away or gets slow in the middle of runs. This file has a server of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removePostgres, startPostgres, type RunningPostgres } from '../../../scripts/stack/postgres.ts';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import type { TestWorker } from '../../support/processes.ts';
import { makeTestDir, waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

const LEASE_MS = 1500;
/** Longer than the lease: who was cut off is not dead. */
const OUTAGE_MS = 3000;
const RUNS = 10;
const SETTINGS = { fsync: 'off', full_page_writes: 'off', autovacuum: 'off' };

let dataDir: string;
let server: RunningPostgres;
let stack: WorkerStack;
let workers: TestWorker[];

beforeAll(async () => {
  dataDir = makeTestDir('postgres');
  server = await startPostgres({ dataDir, settings: SETTINGS });
  // Of this file's process alone: where `createTestDatabase` makes its databases.
  process.env['VESPID_TEST_DATABASE_URL'] = server.url;
  stack = await openWorkerStack({ env: { WORKFLOW_LEASE_MS: String(LEASE_MS) } });
  workers = await Promise.all([stack.startWorker(), stack.startWorker()]);
});
afterAll(async () => {
  await stack.close();
  await server.stop();
  removePostgres(dataDir);
});

/** Starts runs whose first call is answered while Postgres is away. */
async function beginRuns(answeredAfterMs: number): Promise<string[]> {
  const { effects, org } = stack;
  const id = await org.publish(
    workflow(
      callStep(effects.endpoint('one', { delayMs: answeredAfterMs })),
      callStep(effects.endpoint('two', { delayMs: 50 })),
      gathered,
    ),
  );
  const runs = await Promise.all(Array.from({ length: RUNS }, () => stack.begin(id)));
  await Promise.all(runs.map((run) => effects.called(run, 'one')));
  return runs;
}

/** No result was lost, no step called again, no attempt spent. */
async function expectUnharmed(runs: readonly string[]): Promise<void> {
  const backAt = Date.now();
  expect(new Set(await stack.allEnded(runs))).toEqual(new Set(['succeeded']));
  console.info(`ended ${Date.now() - backAt} ms after Postgres was back`);
  for (const run of runs) {
    expect(stack.effects.counts(run)).toEqual({ one: 1, two: 1 });
    expect((await stack.org.get(run)).body.run).toMatchObject({
      attemptCount: 1,
      output: { steps: ['one 1', 'two 1'] },
    });
  }
  expect(stack.events('workflow_run_fenced')).toEqual([]);
  await stack.expectInvariants();
}

describe('what a step gave stays in memory until Postgres is back', () => {
  it('after a restart of Postgres that took longer than the lease', async () => {
    const runs = await beginRuns(1000);
    server.service.process.kill('SIGQUIT');
    await server.service.ended;
    const ready = async (worker: TestWorker): Promise<number> => {
      const { port } = await worker.waitForLog(({ event }) => event === 'worker_ready', { what: 'ready' });
      return (await fetch(`http://127.0.0.1:${String(port)}/health/ready`)).status;
    };
    await waitUntil(async () => (await Promise.all(workers.map(ready))).every((status) => status === 503), {
      what: 'the workers say that they are not ready',
    });
    await sleep(OUTAGE_MS - 1000);
    server = await startPostgres({ dataDir, settings: SETTINGS, port: Number(new URL(server.url).port) });
    await expectUnharmed(runs);
    expect(await Promise.all(workers.map(ready))).toEqual([200, 200]);
  });

  it('after Postgres was stopped (SIGSTOP) for longer than the lease', async () => {
    const runs = await beginRuns(1000);
    const admin = postgres(server.url, { max: 1, onnotice: () => {} });
    const backends = await admin<{ pid: number }[]>`SELECT pid FROM pg_stat_activity`;
    await admin.end();
    // Whoever has ended meanwhile needs no signal.
    const signal = (name: NodeJS.Signals): void => {
      for (const pid of [server.pid, ...backends.map((row) => row.pid)]) {
        try {
          process.kill(pid, name);
        } catch {
          continue;
        }
      }
    };
    signal('SIGSTOP');
    await sleep(OUTAGE_MS);
    signal('SIGCONT');
    await expectUnharmed(runs);
  });
});

describe('a Postgres that is slow to take results', () => {
  it('costs no lease: heartbeats do not wait behind the writes of the runs', async () => {
    const runs = await beginRuns(300);
    const more = (await Promise.all(Array.from({ length: 6 }, () => beginRuns(300)))).flat();
    const admin = postgres(stack.database.url, { max: 1, onnotice: () => {} });
    const oldestBeatMs = async (): Promise<number> => {
      const [row] = await stack.sql<{ age: number }[]>`
        SELECT (EXTRACT(EPOCH FROM now() - min(heartbeat_at)) * 1000)::float8 AS age FROM workers`;
      return row?.age ?? 0;
    };
    let oldest = 0;
    // Every write that carries timeline entries waits for it.
    await admin.begin(async (transaction) => {
      await transaction`LOCK TABLE workflow_run_events IN EXCLUSIVE MODE`;
      const endsAt = Date.now() + OUTAGE_MS;
      await waitUntil(
        async () => {
          oldest = Math.max(oldest, await oldestBeatMs());
          return Date.now() > endsAt;
        },
        { what: 'the lock is held long enough' },
      );
    });
    await admin.end();
    expect(oldest).toBeLessThan(LEASE_MS);
    await expectUnharmed([...runs, ...more]);
  });
});
