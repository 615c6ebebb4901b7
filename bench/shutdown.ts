/**
 * A worker is stopped (SIGTERM) under load, with a SHUTDOWN_GRACE_MS of 5, 10 and 30 s: how soon it takes nothing more,
 * what it finishes and hands over, and when it has ended. `npm run bench:shutdown`; GRACES (seconds) changes the list.
 * Exits 1 when a promise was not kept.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from '../lib/queue/connection.ts';
import { prepareFaults } from '../scripts/faults/prepare.ts';
import { ensureBuilt } from '../scripts/stack/build.ts';
import { openLifetime } from '../scripts/stack/lifetime.ts';
import { openStack, type NemesisStack } from '../test/nemesis/stack/index.ts';
import { createOrg, type OrgClient } from '../test/support/client.ts';
import { callStep, gathered, workflow } from '../test/support/effects.ts';
import { ADMIN_TOKEN, type LogLine } from '../test/support/launch.ts';
import { onRedis } from '../test/support/redis-faults.ts';
import { QUEUE_NAME } from '../test/support/redis-jobs.ts';
import { waitUntil } from '../test/support/stack.ts';
import { machine } from './measure.ts';

const ROOT = join(import.meta.dirname, '..');
const GRACES_MS = (process.env['GRACES'] ?? '5,10,30').split(',').map((seconds) => Number(seconds) * 1000);
const LONG_RUNS = 60;
const SLOW_RUNS = 10;
const QUICK_EVERY_MS = 25;
const STEPS = 15;
const STEP_MS = 400;

interface Load {
  runs: string[];
  stop(): Promise<void>;
}

/** Runs of many steps, runs in a call that outlasts the grace (the first time), and short ones that never cease to come. */
async function startLoad({ effects }: NemesisStack, org: OrgClient, graceMs: number): Promise<Load> {
  const steps = Array.from({ length: STEPS }, (_none, index) =>
    callStep(effects.endpoint(`s${index}`, { delayMs: STEP_MS })),
  );
  const slow = callStep(effects.endpoint('slow', { delayMs: graceMs * 1.5, times: 1 }));
  const [long, slowly, quick] = await Promise.all([
    org.publish(workflow(...steps, gathered)),
    org.publish(workflow(callStep(effects.endpoint('one')), slow, gathered)),
    org.publish(workflow(callStep(effects.endpoint('quick', { delayMs: 100 })), gathered)),
  ]);
  const runs: string[] = [];
  const begin = async (workflowId: string): Promise<void> => {
    const { status, body } = await org.start(workflowId);
    if (status === 201) runs.push(body.run.id);
  };
  const many = (workflowId: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => begin(workflowId)));
  await many(slowly, SLOW_RUNS);
  await many(long, LONG_RUNS);
  let over = false;
  const streaming = (async () => {
    while (!over) {
      await begin(quick);
      await sleep(QUICK_EVERY_MS);
    }
  })();
  return {
    runs,
    stop: async () => {
      over = true;
      await streaming;
    },
  };
}

interface Figures {
  graceMs: number;
  held: number;
  /** The last run that it began, after SIGTERM. */
  lastIntakeMs: number;
  finished: number;
  handedOver: number;
  endedMs: number;
  code: number | null;
  /** When all runs had ended, after SIGTERM. */
  allEndedMs: number;
  maxAttempts: number;
  stalled: number;
  requeued: number;
  notSucceeded: number;
}

const timeOf = (line: LogLine): number => Date.parse(String(line['time']));

async function measureStop(stack: NemesisStack, graceMs: number): Promise<Figures> {
  const [stopping] = stack.fleet.processes.filter(({ logs }) =>
    logs.some(({ event }) => event === 'worker_ready'),
  );
  if (stopping === undefined) throw new Error('there is no worker');
  const org = await createOrg(stack.fleet.apis[0]?.baseUrl ?? '', ADMIN_TOKEN);
  const load = await startLoad(stack, org, graceMs);
  await sleep(2500);
  const sentAt = Date.now();
  await stack.fleet.workers[0]?.stop();
  const { code } = await stopping.exited;
  const endedMs = Date.now() - sentAt;
  await load.stop();
  const open = () => stack.sql<{ id: string }[]>`SELECT id FROM workflow_runs WHERE finished_at IS NULL`;
  await waitUntil(async () => (await open()).length === 0, { what: 'all runs end', timeoutMs: 120_000 });
  const allEndedMs = Date.now() - sentAt;
  const after = (event: string): LogLine[] =>
    stopping.logs.filter((line) => line.event === event && timeOf(line) >= sentAt);
  const held = Number(after('worker_stopping')[0]?.['held']);
  const [row] = await stack.sql<{ attempts: number; failed: number }[]>`
    SELECT max(attempt_count) AS attempts, count(*) FILTER (WHERE status <> 'succeeded')::int AS failed FROM workflow_runs`;
  const [handed] = await stack.sql<{ count: number }[]>`
    SELECT count(*)::int AS count FROM workflow_run_events WHERE entries::text LIKE '%run_handed_over%'`;
  const events = await onRedis(stack.redis.url, (client) =>
    client.xrange(keys(QUEUE_NAME).job('events'), '-', '+'),
  );
  const requeued = stack.fleet.processes
    .flatMap(({ logs }) => logs)
    .filter((line) => line.event === 'workflow_run_requeued' && timeOf(line) > sentAt);
  return {
    graceMs,
    held,
    lastIntakeMs: Math.max(0, ...after('workflow_run_started').map((line) => timeOf(line) - sentAt)),
    finished: after('workflow_run_succeeded').length,
    handedOver: handed?.count ?? 0,
    endedMs,
    code,
    allEndedMs,
    maxAttempts: row?.attempts ?? 0,
    stalled: events.filter(([, fields]) => fields.includes('stalled')).length,
    requeued: requeued.length,
    notSucceeded: row?.failed ?? 0,
  };
}

/** What the design promises of a stop. */
const isKept = (one: Figures): boolean =>
  one.code === 0 &&
  one.endedMs <= one.graceMs &&
  one.lastIntakeMs < 500 &&
  one.maxAttempts === 1 &&
  one.stalled === 0 &&
  one.requeued === 0 &&
  one.notSucceeded === 0;

async function bench(graceMs: number): Promise<boolean> {
  const env = { SHUTDOWN_GRACE_MS: String(graceMs), WORKFLOW_LEASE_MS: '15000' };
  const stack = await openStack({ apis: 1, workers: 2, env });
  try {
    const one = await measureStop(stack, graceMs);
    console.log(
      [
        `SHUTDOWN_GRACE_MS=${graceMs}${isKept(one) ? '' : '  NOT KEPT'}`,
        `  in flight at SIGTERM ${one.held}: ${one.finished} finished here, ${one.handedOver} handed over`,
        `  last run begun ${one.lastIntakeMs} ms after SIGTERM; ended after ${one.endedMs} ms with ${one.code}`,
        `  all runs ended after ${one.allEndedMs} ms; attempts at most ${one.maxAttempts}, stalled ${one.stalled}, requeued ${one.requeued}, not succeeded ${one.notSucceeded}`,
      ].join('\n'),
    );
    return isKept(one);
  } finally {
    await stack.close();
  }
}

const lifetime = openLifetime();
let code = 0;
try {
  await prepareFaults(ROOT, lifetime);
  if (process.env['VESPID_TEST_DIST'] === undefined) await ensureBuilt(ROOT, lifetime.signal);
  console.log(machine());
  for (const graceMs of GRACES_MS) if (!(await bench(graceMs))) code = 1;
} catch (error) {
  console.error(error);
  code = 1;
}
await lifetime.close();
process.exit(code);
