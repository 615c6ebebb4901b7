/** Runs that start by the clock: each fire time makes one run, whatever becomes of the workers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itSideBySide } from '../../support/side-by-side.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import type { TestWorker } from '../../support/processes.ts';
import { act, fired, fireTimes, mustHave, publish, republish, runsOf, scheduleOf } from './kit.ts';

const REQUEUED_WITHIN_MS = 45_000;
const LONG = [{ nap: { wait: { minutes: 10 } } }];

let stack: WorkerStack;
let workers: TestWorker[];

beforeAll(async () => {
  stack = await openWorkerStack();
  workers = await Promise.all([stack.startWorker(), stack.startWorker()]);
});
afterAll(() => stack.close());

/** Every second from the first one to the last one. */
function expectEverySecond(times: readonly number[]): void {
  const [first = 0] = times;
  expect(times).toEqual(times.map((_, index) => first + index * 1000));
}

async function leader(): Promise<TestWorker> {
  return waitUntil(
    async () => {
      const [row] = await stack.sql<{ holder: string }[]>`
        SELECT holder FROM leaders WHERE name = 'reconciler' AND expires_at > now()`;
      return workers.find(({ workerId, isRunning }) => workerId === row?.holder && isRunning());
    },
    { what: 'a worker leads' },
  );
}

async function onePerFireTime(): Promise<void> {
  const { org, sql } = stack;
  const workflowId = await publish(org, { schedule: { every: 'PT1S' } });
  const { id, createdAt } = await mustHave(org, workflowId);
  await fired(sql, workflowId, 2);
  (await leader()).kill('SIGKILL');
  const dead = await runsOf(sql, workflowId);
  // The lead expires, and the other worker makes up for what came meanwhile.
  const runs = await fired(sql, workflowId, dead.length + 4);
  const times = fireTimes(runs);
  expectEverySecond(times);
  expect(times[0]).toBe(Date.parse(createdAt) + 1000);
  for (const { created_ms: createdMs, fire_key: key, ...run } of runs) {
    expect(createdMs).toBeGreaterThanOrEqual(Date.parse(key));
    expect(run).toMatchObject({
      trigger: 'schedule',
      requested_by: `schedule:${id}`,
      input: null,
      version: 1,
    });
  }
  // The leader may have died between a run and its job, which is added after 30 s then.
  const ended = runs.map((run) => org.ended(run.id, REQUEUED_WITHIN_MS));
  const [last] = (await Promise.all(ended)).slice(-1);
  expect(last).toMatchObject({
    status: 'succeeded',
    scheduleId: id,
    trigger: 'schedule',
    output: { got: null },
  });
  const seen = await mustHave(org, workflowId);
  expect(seen).toMatchObject({ kind: 'every', every: 'PT1S', skippedCount: 0, pausedAt: null });
  expect(Date.parse(seen.nextFireAt ?? '') - Date.parse(seen.lastFireAt ?? '')).toBe(1000);
  await act(org, id, 'pause');
}

async function skipsAnOverlap(): Promise<void> {
  const { org, sql } = stack;
  const settings = { overlap: 'skip' };
  const workflowId = await publish(org, { schedule: { every: 'PT1S' }, settings, tasks: LONG });
  const first = await waitUntil(
    async () => {
      const schedule = await mustHave(org, workflowId);
      return schedule.skippedCount >= 2 ? schedule : null;
    },
    { what: 'two fire times are skipped' },
  );
  const [run, ...others] = await runsOf(sql, workflowId);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ overlap: 'skip', lastRunId: run?.id });
  await org.cancel(run?.id ?? '');
  const [, next] = await fired(sql, workflowId, 2);
  expect(next?.status).not.toBe('cancelled');
  await act(org, first.id, 'pause');
}

async function cancelsAnOverlap(): Promise<void> {
  const { org, sql } = stack;
  const settings = { overlap: 'cancel' };
  const workflowId = await publish(org, { schedule: { every: 'PT1S' }, settings, tasks: LONG });
  await fired(sql, workflowId, 3);
  // The leader that is killed beside this may have cancelled one and not yet made the next; the other worker does.
  await waitUntil(
    async () => {
      const statuses = (await runsOf(sql, workflowId)).map(({ status }) => status);
      return statuses.lastIndexOf('cancelled') === statuses.length - 2 && new Set(statuses).size === 2;
    },
    { what: 'all but the last are cancelled' },
  );
  await act(org, (await mustHave(org, workflowId)).id, 'pause');
}

async function followsTheEndOfTheRunBefore(): Promise<void> {
  const { org, sql } = stack;
  const tasks = [{ nap: { wait: { milliseconds: 500 } } }];
  const workflowId = await publish(org, { schedule: { after: 'PT1S' }, tasks });
  const runs = await fired(sql, workflowId, 3);
  expect(fireTimes(runs)[0]).toBe(Date.parse((await mustHave(org, workflowId)).createdAt));
  for (const [index, { created_ms: createdMs, fire_key: key }] of runs.entries()) {
    const before = runs[index - 1];
    if (before === undefined) continue;
    expect(Date.parse(key)).toBe((before.finished_ms ?? 0) + 1000);
    expect(createdMs).toBeGreaterThanOrEqual(Date.parse(key));
  }
  await act(org, (await mustHave(org, workflowId)).id, 'pause');
}

async function pausesAndResumes(): Promise<void> {
  const { org, sql } = stack;
  const workflowId = await publish(org, { schedule: { every: 'PT1S' } });
  await fired(sql, workflowId, 1);
  const { id, createdAt } = await mustHave(org, workflowId);
  const paused = await act(org, id, 'pause');
  expect(paused.body.schedule).toMatchObject({ id, nextFireAt: null });
  expect(paused.body.schedule.pausedAt).not.toBeNull();
  const before = await runsOf(sql, workflowId);
  const clock = await publish(org, { schedule: { every: 'PT1S' } });
  await fired(sql, clock, 2);
  expect(await act(org, id, 'pause')).toMatchObject({ status: 200, body: paused.body });
  expect(await runsOf(sql, workflowId)).toHaveLength(before.length);
  const resumed = await act(org, id, 'resume');
  expect(resumed.body.schedule.pausedAt).toBeNull();
  const next = Date.parse(resumed.body.schedule.nextFireAt ?? '');
  // The same seconds as before; what came while it was paused makes no run.
  expect((next - Date.parse(createdAt)) % 1000).toBe(0);
  const runs = await fired(sql, workflowId, before.length + 2);
  expect(fireTimes(runs)[before.length]).toBe(next);
  expect((await act(org, id, 'resume')).body.schedule.pausedAt).toBeNull();
  for (const ended of [workflowId, clock]) await act(org, (await mustHave(org, ended)).id, 'pause');
}

async function followsTheNewestVersion(): Promise<void> {
  const { org, sql } = stack;
  const workflowId = await publish(org, { schedule: { every: 'PT1H' } });
  const { id, nextFireAt } = await mustHave(org, workflowId);
  await act(org, id, 'pause');
  // Written otherwise, but the same.
  await republish(org, workflowId, { schedule: { every: { minutes: 60 } }, settings: { overlap: 'skip' } });
  expect(await mustHave(org, workflowId)).toMatchObject({
    id,
    version: 2,
    overlap: 'skip',
    nextFireAt: null,
  });
  await act(org, id, 'resume');
  await republish(org, workflowId, { schedule: { every: { hours: 1 } } });
  expect(await mustHave(org, workflowId)).toMatchObject({ version: 3, overlap: 'allow', nextFireAt });
  await republish(org, workflowId, { schedule: { every: 'PT1S' } });
  const [run] = await fired(sql, workflowId, 1);
  expect(run).toMatchObject({ version: 4 });
  await republish(org, workflowId, {
    schedule: { cron: '0 9 * * *' },
    settings: { timeZone: 'Europe/Berlin' },
  });
  const cron = await mustHave(org, workflowId);
  expect(cron).toMatchObject({ id, kind: 'cron', cron: '0 9 * * *', timeZone: 'Europe/Berlin', version: 5 });
  expect(cron.nextFireAt).toMatch(/T0[78]:00:00\.000Z$/);
  expect(cron).not.toHaveProperty('every');
  await republish(org, workflowId, {});
  expect(await scheduleOf(org, workflowId)).toBeNull();
  const archived = await publish(org, { schedule: { every: 'PT1S' } });
  await org.call('DELETE', `/v1/orgs/${org.orgId}/workflows/${archived}`);
  expect(await scheduleOf(org, archived)).toBeNull();
}

describe('schedules by the clock', () => {
  itSideBySide({
    'make exactly one run per fire time while a worker is up, also when the leader dies': onePerFireTime,
    'count a fire time that overlaps and make no run, with `skip`': skipsAnOverlap,
    'cancel the run before, with `cancel`': cancelsAnOverlap,
    'fire once the run before has ended and the delay is over, with `after`': followsTheEndOfTheRunBefore,
    'make no run while paused, and go on from now when resumed': pausesAndResumes,
    'follow the newest version, keep their times when they are the same, and end with the workflow':
      followsTheNewestVersion,
  });

  it('make one run for all that nobody was up for, or none', async () => {
    const { org, sql } = stack;
    const [made, skipped] = [
      await publish(org, { schedule: { every: 'PT10M' } }),
      await publish(org, { schedule: { every: 'PT10M' }, settings: { catchUp: false } }),
    ];
    await Promise.all(workers.filter(({ isRunning }) => isRunning()).map((worker) => worker.stop()));
    await sql`UPDATE schedules SET next_fire_at = next_fire_at - interval '1 hour',
      updated_at = updated_at - interval '1 hour' WHERE workflow_id IN (${made}, ${skipped})`;
    const { createdAt } = await mustHave(org, made);
    const worker = await stack.startWorker();
    const [run] = await fired(sql, made, 1);
    const late = await waitUntil(
      async () => {
        const schedule = await mustHave(org, skipped);
        return schedule.skippedCount > 0 ? schedule : null;
      },
      { what: 'the other one has looked too' },
    );
    // Of -50, -40, … and 0 minutes the last one.
    expect(Date.parse(run?.fire_key ?? '')).toBe(Date.parse(createdAt));
    const caughtUp = await mustHave(org, made);
    expect(caughtUp).toMatchObject({ skippedCount: 5, lastRunId: run?.id });
    expect(late).toMatchObject({ skippedCount: 6, lastRunId: null, lastFireAt: null });
    for (const { nextFireAt } of [caughtUp, late])
      expect(Date.parse(nextFireAt ?? '')).toBeGreaterThan(Date.now());
    expect(await org.ended(run?.id ?? '')).toMatchObject({ status: 'succeeded' });
    expect(await runsOf(sql, made)).toHaveLength(1);
    expect(await runsOf(sql, skipped)).toEqual([]);
    expect(stack.events('workflow_run_requeued', run?.id)).toMatchObject([{ reason: 'scheduled' }]);
    await worker.stop();
  });
});
