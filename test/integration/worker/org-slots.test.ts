/** worker/org-slots on a real Redis and Postgres: slots are held as long as runs go on, and by nobody else. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { uuidv7 } from 'uuidv7';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keys } from '../../../lib/queue/connection.ts';
import { jobId } from '../../../lib/queue/job.ts';
import { openProducer, type Producer } from '../../../lib/queue/producer.ts';
import { createInFlightLimits } from '../../../worker/in-flight-limits.ts';
import { createOrgSlots } from '../../../worker/org-slots.ts';
import { openRunRows, type RunRows } from '../../support/run-rows.ts';
import { startTestRedis, waitUntil, type TestRedis } from '../../support/stack.ts';

const QUEUE = 'slots';
const { job: key } = keys(QUEUE);
const config = { leaseMs: 15_000, databaseTimeoutMs: 2000 };

let redis: TestRedis;
let client: Redis;
let rows: RunRows;
let queue: Producer;

beforeAll(async () => {
  [redis, rows] = await Promise.all([startTestRedis(), openRunRows(2)]);
  client = new Redis(redis.url);
  queue = openProducer({ url: redis.url, queueName: QUEUE, timeoutMs: 2000, name: 'test' });
  await rows.sql`INSERT INTO org_limits (org_id, max_runs_in_flight) VALUES (${rows.orgId}, 1)`;
  await waitUntil(() => queue.state().kind === 'up', { what: 'the queue is up' });
});
afterAll(async () => {
  client.disconnect();
  await Promise.all([queue.close(), rows.close()]);
  await redis.stop();
});

const newJob = () => {
  const runId = uuidv7();
  const payload = { f: 1, runId, orgId: rows.orgId, generation: 0 };
  return { job: { id: jobId(runId, 0), priority: 9 }, payload };
};
const heldUntil = async (id: string): Promise<number> =>
  Number(await client.zscore(key(`vespid:slots:${rows.orgId}`), id));

it('the slot of a run that goes on for long is renewed although nothing else of its org comes', async () => {
  let nowMs = 0;
  const slots = createOrgSlots({ config, sql: rows.sql, queue, now: () => nowMs });
  const { job, payload } = newJob();
  expect(await slots.enter(job, payload)).toBe('started');
  const before = await heldUntil(job.id);
  // As the duty does it, every two seconds for two minutes.
  for (; nowMs < 120_000; nowMs += 2000) {
    await slots.renew();
    await slots.limits.refresh();
  }
  await waitUntil(
    async () => {
      await slots.renew();
      return (await heldUntil(job.id)) > before;
    },
    { what: 'it is renewed', timeoutMs: 1000 },
  );
  slots.leave(rows.orgId, job.id);
  await waitUntil(async () => (await heldUntil(job.id)) === 0, { what: 'it is let go' });
});

it('a question that nobody waits for any more takes no slot', async () => {
  let answer = (): void => {};
  const asked: string[] = [];
  const stuck = new Promise<void>((resolve) => (answer = resolve));
  const slots = createOrgSlots({
    config,
    sql: rows.sql,
    queue: {
      state: queue.state,
      order: {
        ...queue.order,
        async enter(jobs, holdMs) {
          asked.push(...jobs.map((taken) => taken.jobId));
          await stuck;
          return queue.order.enter(jobs, holdMs);
        },
      },
    },
  });
  const [first, second, third] = [newJob(), newJob(), newJob()];
  const late = await Promise.all([first, second].map(({ job, payload }) => slots.enter(job, payload)));
  expect(late).toEqual(['started', 'started']);
  slots.leave(rows.orgId, second.job.id);
  const next = slots.enter(third.job, third.payload);
  answer();
  await next;
  expect(asked).toEqual([first.job.id, third.job.id]);
  expect(await heldUntil(second.job.id)).toBe(0);
});

it('orgs that nobody knows yet are asked about together', async () => {
  let queries = 0;
  const sql = new Proxy(rows.sql, {
    apply(target, self, args: unknown[]) {
      queries += 1;
      return Reflect.apply(target, self, args) as unknown;
    },
  });
  const limits = createInFlightLimits(sql, config.databaseTimeoutMs);
  const others = Array.from({ length: 100 }, () => limits.of(randomUUID()));
  expect(await limits.of(rows.orgId)).toBe(1);
  expect(new Set(await Promise.all(others))).toEqual(new Set([null]));
  expect(queries).toBeLessThanOrEqual(2);
});
