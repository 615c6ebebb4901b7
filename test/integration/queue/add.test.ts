/** Adding jobs on a real Redis: as BullMQ does it, with a place in the order at once, all or nothing. */
import { setImmediate as turn } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openJobAdder, type JobAdder } from '../../../lib/queue/add.ts';
import { keys, PREFIX } from '../../../lib/queue/connection.ts';
import { jobId, toPayload, toQueuePriority, type RunJob } from '../../../lib/queue/job.ts';
import { openQueueOrder } from '../../../lib/queue/order.ts';
import { full, readOnly, unwritableDisk, type RedisFault } from '../../support/redis-faults.ts';
import { startTestRedis, waitUntil, type TestRedis } from '../../support/stack.ts';

const TIMEOUT_MS = 2000;
const OURS = keys('ours');
const THEIRS = keys('theirs');
/** Scores of jobs that have a place are above it (lib/queue/order-scripts.ts). */
const PLACED = 2 ** 37;
let redis: TestRedis;
let client: Redis;
let adder: JobAdder;
let queue: Queue;

beforeAll(async () => {
  redis = await startTestRedis();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});
beforeEach(async () => {
  await client.flushall();
  adder = openJobAdder(client, 'ours', TIMEOUT_MS);
  queue = new Queue('theirs', { connection: { url: redis.url }, prefix: PREFIX, skipMetasUpdate: true });
});
afterEach(() => queue.close());

const orgs = [uuidv7(), uuidv7(), uuidv7()];
const newJob = (more: Partial<RunJob> = {}): RunJob => ({
  runId: uuidv7(),
  orgId: orgs[0] ?? '',
  generation: 0,
  priority: 5,
  delayMs: 0,
  format: 1,
  ...more,
});
const idOf = (job: RunJob): string => jobId(job.runId, job.generation);

/** As BullMQ's own producer adds it. */
const addTheirs = (job: RunJob): Promise<unknown> =>
  queue.add('run', toPayload(job), {
    jobId: idOf(job),
    priority: toQueuePriority(job),
    ...(job.delayMs > 0 ? { delay: Math.ceil(job.delayMs) } : {}),
    attempts: 1,
    removeOnComplete: true,
    removeOnFail: true,
  });

async function fieldsOf(names: typeof OURS, id: string): Promise<Record<string, unknown>> {
  const { turn: _place, timestamp, opts, ...fields } = await client.hgetall(names.job(id));
  expect(Math.abs(Date.now() - Number(timestamp))).toBeLessThan(5000);
  return { ...fields, opts: JSON.parse(opts ?? '') as unknown };
}

/** Names and types of what is in Redis, but what only the order and BullMQ's counters and events are about. */
async function namesOf(names: typeof OURS): Promise<string[]> {
  const prefix = names.job('');
  const own = /^(vespid:.*|id|pc|events|meta)$/;
  const found = (await client.keys(`${prefix}*`)).map((key) => key.slice(prefix.length));
  const kept = found.filter((name) => !own.test(name)).toSorted();
  return Promise.all(kept.map(async (name) => `${name} ${await client.type(`${prefix}${name}`)}`));
}

/** Until when delayed jobs wait, counted from their time stamp, in order. */
async function delaysOf(names: typeof OURS): Promise<[string, number][]> {
  const found = await client.zrange(names.job('delayed'), '0', '-1', 'WITHSCORES');
  const delays: [string, number][] = [];
  for (let at = 0; at < found.length; at += 2) {
    const [id = '', score] = found.slice(at, at + 2);
    const timestamp = Number(await client.hget(names.job(id), 'timestamp'));
    delays.push([id, Math.floor(Number(score) / 4096) - timestamp]);
  }
  return delays;
}

describe('what is left of a job that was added', () => {
  it.each<[string, Partial<RunJob>[]]>([
    ['one', [{}]],
    ['of a run that goes on', [{ generation: 12, priority: 9, format: 2 }]],
    ['delayed', [{ delayMs: 60_000.5 }]],
    ['delayed for thousands of years', [{ delayMs: 8000 * 365 * 86_400_000 }]],
    ['several', [{}, { delayMs: 50_000 }, { priority: 0 }, { delayMs: 40_000 }, { orgId: orgs[1] ?? '' }]],
  ])('is what BullMQ would have left: %s', async (_name, given) => {
    const jobs = given.map(newJob);
    for (const job of jobs) await addTheirs(job);
    await adder.addMany(jobs, TIMEOUT_MS);
    expect(await namesOf(OURS)).toEqual(await namesOf(THEIRS));
    for (const job of jobs)
      expect(await fieldsOf(OURS, idOf(job))).toEqual(await fieldsOf(THEIRS, idOf(job)));
    expect(await delaysOf(OURS)).toEqual(await delaysOf(THEIRS));
    expect(await client.zrange(OURS.job('marker'), '0', '-1')).toEqual(
      await client.zrange(THEIRS.job('marker'), '0', '-1'),
    );
  });

  it('orders the delayed jobs of one millisecond as they came, and names the first to the workers', async () => {
    const jobs = Array.from({ length: 20 }, () => newJob({ delayMs: 60_000 }));
    await adder.addMany(jobs, TIMEOUT_MS);
    expect(await client.zrange(OURS.job('delayed'), '0', '-1')).toEqual(jobs.map(idOf));
    const [, first] = await client.zrange(OURS.job('delayed'), '0', '0', 'WITHSCORES');
    const [, marked] = await client.zrange(OURS.job('marker'), '0', '0', 'WITHSCORES');
    expect(Number(marked)).toBe(Number(first) / 4096);
  });

  it.each([
    ['paused', { paused: 1 }],
    ['at its limit', { concurrency: 1 }],
  ])('wakes no worker of a queue that is %s', async (_name, settings) => {
    const job = newJob();
    for (const names of [OURS, THEIRS]) {
      await client.hset(names.meta, settings);
      await client.lpush(names.job('active'), 'another');
    }
    await addTheirs(job);
    await adder.add(job, TIMEOUT_MS);
    expect(await namesOf(OURS)).toEqual(await namesOf(THEIRS));
    expect(await client.exists(OURS.job('marker'))).toBe(0);
  });
});

describe('the place of a job', () => {
  it('is there at once', async () => {
    const job = newJob();
    await adder.add(job, TIMEOUT_MS);
    expect(Number(await client.zscore(OURS.job('prioritized'), idOf(job)))).toBeGreaterThan(PLACED);
    expect(await client.hget(OURS.job(idOf(job)), 'turn')).toBe('1');
  });

  it('is the one that a sweep would have given it', async () => {
    const jobs = Array.from({ length: 150 }, (_, n) =>
      newJob({ orgId: orgs[(n * n) % 3] ?? '', priority: (n * 7) % 10, generation: n % 2 }),
    );
    const order = openQueueOrder(client, 'theirs');
    for (const job of jobs) await adder.add(job, TIMEOUT_MS);
    for (const job of jobs) {
      await addTheirs(job);
      // A worker that takes nothing: it sweeps.
      await order.enter([], TIMEOUT_MS);
    }
    const scores = (names: typeof OURS): Promise<string[]> =>
      client.zrange(names.job('prioritized'), '0', '-1', 'WITHSCORES');
    expect(await scores(OURS)).toEqual(await scores(THEIRS));
  });
});

it('BullMQ’s worker executes them: in the order of their places, the delayed one in its time, and nothing stays', async () => {
  // Each is the first of its org, so their classes decide.
  const jobs = [1, 9, 5].map((priority, n) => newJob({ priority, orgId: orgs[n] ?? '' }));
  const late = newJob({ delayMs: 300 });
  await adder.addMany([...jobs, late], TIMEOUT_MS);
  const seen: string[] = [];
  const worker = new Worker(
    'ours',
    (job) => {
      expect(job.opts).toMatchObject({ attempts: 1, removeOnComplete: true, removeOnFail: true });
      seen.push(job.id ?? '');
      return Promise.resolve();
    },
    { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: PREFIX },
  );
  await waitUntil(() => seen.length === 4, { what: 'all are executed' });
  await worker.close();
  expect(seen).toEqual([jobs[1], jobs[2], jobs[0], late].map((job) => job && idOf(job)));
  const left = await namesOf(OURS);
  expect(left.filter((name) => / (hash|zset|list)$/.test(name) && !name.startsWith('marker'))).toEqual([]);
});

it('a job whose id is there is left as it is, also one that a worker has', async () => {
  const job = newJob();
  await adder.add(job, TIMEOUT_MS);
  await client.zrem(OURS.job('prioritized'), idOf(job));
  await client.lpush(OURS.job('active'), idOf(job));
  const before = await client.hgetall(OURS.job(idOf(job)));
  await adder.addMany([{ ...job, priority: 0, delayMs: 1000 }, job], TIMEOUT_MS);
  expect(await client.hgetall(OURS.job(idOf(job)))).toEqual(before);
  expect(await client.zcard(OURS.job('prioritized'))).toBe(0);
  expect(await client.zcard(OURS.job('delayed'))).toBe(0);
});

it('a Redis that has forgotten its scripts is told them again', async () => {
  await adder.add(newJob(), TIMEOUT_MS);
  await client.script('FLUSH');
  const job = newJob();
  await adder.add(job, TIMEOUT_MS);
  await client.script('FLUSH');
  await adder.remove(idOf(job));
  expect(await client.zcard(OURS.job('prioritized'))).toBe(1);
});

describe('a Redis that takes no writes', () => {
  it.each<[string, (redis: TestRedis) => RedisFault]>([
    ['full', full],
    ['read-only', readOnly],
    ['without its disk', unwritableDisk],
  ])('has nothing of a batch: %s', async (_name, make) => {
    await adder.add(newJob(), TIMEOUT_MS);
    const fault = make(redis);
    const before = await client.keys('*');
    const jobs = [newJob({ delayMs: 1000 }), newJob(), newJob({ orgId: orgs[1] ?? '' })];
    await fault.begin();
    try {
      await waitUntil(
        () =>
          adder.addMany([newJob()], TIMEOUT_MS).then(
            () => false,
            () => true,
          ),
        { what: 'the fault is felt' },
      );
      await expect(adder.addMany(jobs, TIMEOUT_MS)).rejects.toThrow(/OOM|READONLY|MISCONF/);
      await expect(adder.add(newJob(), TIMEOUT_MS)).rejects.toThrow(/OOM|READONLY|MISCONF/);
    } finally {
      await fault.end();
    }
    for (const job of jobs) expect(await client.exists(OURS.job(idOf(job)))).toBe(0);
    expect((await client.keys('*')).filter((key) => before.includes(key)).toSorted()).toEqual(
      before.toSorted(),
    );
  });
});

it('what its caller has given up before it was sent is never sent', async () => {
  const jobs = [newJob(), newJob(), newJob()];
  await redis.kill('SIGSTOP');
  const adding = [];
  for (const job of jobs) {
    adding.push(adder.add(job, 100));
    await turn();
    await turn();
  }
  const results = await Promise.allSettled(adding);
  await redis.kill('SIGCONT');
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  const last = newJob();
  await adder.add(last, TIMEOUT_MS);
  // Two batches were on their way.
  expect(await client.zrange(OURS.job('prioritized'), '0', '-1')).toEqual(
    [...jobs.slice(0, 2), last].map(idOf),
  );
});

it('what was not sent in time is never taken for added, however late its caller’s own timer is', async () => {
  const job = newJob();
  const adding = adder.add(job, 5);
  // The process is busy beyond the deadline before the batch goes.
  for (const busyUntil = performance.now() + 20; performance.now() < busyUntil;);
  await expect(adding).rejects.toThrow('timed out');
  expect(await client.exists(OURS.job(idOf(job)))).toBe(0);
});

describe('a job is removed', () => {
  it.each<[string, Partial<RunJob>]>([
    ['queued', {}],
    ['delayed', { delayMs: 60_000 }],
  ])('with all that BullMQ would have removed: %s', async (_name, given) => {
    const job = newJob(given);
    await addTheirs(job);
    await queue.remove(idOf(job));
    await adder.add(job, TIMEOUT_MS);
    await adder.remove(idOf(job));
    expect(await namesOf(OURS)).toEqual(await namesOf(THEIRS));
  });

  it('unless a worker holds it', async () => {
    const job = newJob();
    await adder.add(job, TIMEOUT_MS);
    await client.zrem(OURS.job('prioritized'), idOf(job));
    await client.lpush(OURS.job('active'), idOf(job));
    await client.set(OURS.job(`${idOf(job)}:lock`), 'token');
    await adder.remove(idOf(job));
    expect(await client.lrange(OURS.job('active'), 0, -1)).toEqual([idOf(job)]);
    expect(await client.exists(OURS.job(idOf(job)))).toBe(1);
  });
});
