/** lib/queue on a real Redis: what a job is, what stays of it, and how the queue's state is known. */
import { randomUUID } from 'node:crypto';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keys, PREFIX } from '../../../lib/queue/connection.ts';
import { jobId, parsePayload, type RunJob } from '../../../lib/queue/job.ts';
import { openProducer, type Producer } from '../../../lib/queue/producer.ts';
import { full, readOnly, unwritableDisk, type RedisFault } from '../../support/redis-faults.ts';
import { startTestRedis, waitUntil, type TestRedis } from '../../support/stack.ts';

const QUEUE = 'jobs';
const DEADLINE_MS = 1000;
/** Of the order of the queue; without one of our workers nothing tidies it up. */
const ORDER = ['turn', 'orgs', 'ends'];
const { meta, job: jobKey } = keys(QUEUE);
let redis: TestRedis;
let client: Redis;
let producer: Producer;

const isUp = (): Promise<unknown> =>
  waitUntil(() => producer.state().kind === 'up', { what: 'the queue is up' });
const newJob = (more: Partial<RunJob> = {}): RunJob => ({
  runId: randomUUID(),
  orgId: randomUUID(),
  generation: 0,
  priority: 5,
  delayMs: 0,
  format: 1,
  ...more,
});
const waiting = (): Promise<string[]> => client.zrange(jobKey('prioritized'), '0', '-1');

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
  producer = openProducer({ url: redis.url, queueName: QUEUE, timeoutMs: DEADLINE_MS, name: 'test' });
  await isUp();
});
afterEach(async () => producer.close());

describe('a job', () => {
  it('carries ids only, in less than 300 bytes', async () => {
    const job = newJob({ generation: 12_345_678, priority: 0 });
    expect(await producer.enqueue(job, DEADLINE_MS)).toEqual({ ok: true });
    const fields = await client.hgetall(jobKey(jobId(job.runId, job.generation)));
    expect(Buffer.byteLength(fields['data'] ?? '')).toBeLessThan(300);
    expect(parsePayload(JSON.parse(fields['data'] ?? ''), 1)).toEqual({
      ok: true,
      payload: { f: 1, runId: job.runId, orgId: job.orgId, generation: job.generation },
    });
  });

  it('with the id of one that is there is ignored, alone and among many; a new generation is not', async () => {
    const job = newJob();
    const next = { ...job, generation: 1 };
    for (let count = 0; count < 3; count += 1)
      expect(await producer.enqueue(job, DEADLINE_MS)).toEqual({ ok: true });
    expect(await producer.enqueueMany([job, newJob(), job], DEADLINE_MS)).toEqual({ ok: true });
    expect(await waiting()).toHaveLength(2);
    expect(await producer.enqueueMany([next], DEADLINE_MS)).toEqual({ ok: true });
    expect(await waiting()).toHaveLength(3);
  });

  it('waits out its delay, also one of thousands of years', async () => {
    const jobs = [newJob({ delayMs: 60_000.5 }), newJob({ delayMs: 8000 * 365 * 86_400_000 })];
    expect(await producer.enqueueMany(jobs, DEADLINE_MS)).toEqual({ ok: true });
    expect(await client.zcard(jobKey('delayed'))).toBe(2);
    expect(await waiting()).toEqual([]);
  });

  it('can be taken back while nobody has it', async () => {
    const job = newJob({ delayMs: 60_000 });
    await producer.enqueue(job, DEADLINE_MS);
    producer.discard(job.runId, job.generation);
    await waitUntil(async () => (await client.exists(jobKey(jobId(job.runId, 0)))) === 0, {
      what: 'the job is gone',
    });
    expect(await client.zcard(jobKey('delayed'))).toBe(0);
  });

  it('of another release is known as such, and a broken one too', () => {
    const payload = { f: 1, runId: randomUUID(), orgId: randomUUID(), generation: 0 };
    expect(parsePayload({ ...payload, f: 2, more: true }, 1)).toEqual({
      ok: false,
      problem: 'unknown_format',
    });
    for (const broken of [null, 'x', {}, { ...payload, runId: '1' }, { ...payload, generation: -1 }]) {
      expect(parsePayload(broken, 2)).toEqual({ ok: false, problem: 'malformed' });
    }
  });
});

describe('Redis holds what is queued, and nothing of what is done', () => {
  it('after 500 jobs that succeeded or failed', async () => {
    const own = [
      meta,
      jobKey('id'),
      jobKey('events'),
      jobKey('stalled-check'),
      keys(QUEUE).probe,
      ...ORDER.map((name) => jobKey(`vespid:${name}`)),
    ];
    const worker = new Worker(
      QUEUE,
      async (job) => {
        if (job.id?.startsWith('0')) throw new Error('fails');
      },
      { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: PREFIX, concurrency: 20 },
    );
    for (let count = 0; count < 5; count += 1) {
      const jobs = Array.from({ length: 100 }, () => newJob());
      expect(await producer.enqueueMany(jobs, DEADLINE_MS)).toEqual({ ok: true });
    }
    const left = async (): Promise<string[]> => (await client.keys('*')).filter((key) => !own.includes(key));
    await waitUntil(async () => (await left()).length === 0, { what: 'nothing is left' }).catch(
      async (cause: unknown) => {
        throw new Error(`left: ${(await left()).slice(0, 10).join(' ')}`, { cause });
      },
    );
    await worker.close();
    // Trimmed by whole nodes of the stream, of 100 entries each.
    expect(await client.xlen(jobKey('events'))).toBeLessThan(300);
  });
});

describe('the settings of the queue', () => {
  const maxLen = (): Promise<string | null> => client.hget(meta, 'opts.maxLenEvents');

  it('are written again within a second of a FLUSHALL', async () => {
    expect(await maxLen()).toBe('100');
    await client.flushall();
    await expect.poll(maxLen, { timeout: 1000 }).toBe('100');
  });

  it('also when a script has written its own default before', async () => {
    await client.multi().flushall().hset(meta, 'opts.maxLenEvents', 10_000).exec();
    await expect.poll(maxLen, { timeout: 1000 }).toBe('100');
  });
});

describe('a queue that takes no writes', () => {
  it.each<[string, (redis: TestRedis) => RedisFault]>([
    ['full', full],
    ['read-only', readOnly],
    ['without its disk', unwritableDisk],
  ])(
    'is known to be down when Redis is %s, although it answers reads, and known to be up again',
    async (_how, make) => {
      const fault = make(redis);
      await fault.begin();
      try {
        await waitUntil(() => producer.state().kind === 'down', {
          what: 'the queue is down',
          timeoutMs: 1500,
        });
        expect(fault.reasons).toContain((producer.state() as { reason?: string }).reason);
        expect(await producer.redis.get('nothing')).toBeNull();
        const sentAt = performance.now();
        expect(await producer.enqueue(newJob(), DEADLINE_MS)).toMatchObject({
          ok: false,
          reason: fault.reasons[0],
        });
        expect(performance.now() - sentAt).toBeLessThan(20);
      } finally {
        await fault.end();
      }
      await waitUntil(() => producer.state().kind === 'up', { what: 'the queue is up', timeoutMs: 1500 });
      expect(await waiting()).toEqual([]);
    },
  );

  it('ends an enqueue at its deadline, whatever is left of the connection’s own', async () => {
    await redis.kill('SIGSTOP');
    const sentAt = performance.now();
    const results = await Promise.all([
      producer.enqueue(newJob(), 150),
      producer.enqueueMany([newJob(), newJob()], 150),
    ]);
    expect(performance.now() - sentAt).toBeLessThan(250);
    expect(results).toEqual([
      { ok: false, reason: 'timeout' },
      { ok: false, reason: 'timeout' },
    ]);
    await redis.kill('SIGCONT');
  });

  it('is known to be down after a second without an answer, and up soon after the next one', async () => {
    await redis.kill('SIGSTOP');
    await waitUntil(() => producer.state().kind === 'down', { what: 'the queue is down', timeoutMs: 1700 });
    await redis.kill('SIGCONT');
    await waitUntil(() => producer.state().kind === 'up', { what: 'the queue is up', timeoutMs: 3000 });
    expect(await producer.enqueue(newJob(), DEADLINE_MS)).toEqual({ ok: true });
  });
});

it('a producer whose Redis is not there waits for the first attempt to connect, and no longer', async () => {
  const nowhere = openProducer({
    url: 'redis://127.0.0.1:1',
    queueName: QUEUE,
    timeoutMs: DEADLINE_MS,
    name: 'test',
  });
  expect(nowhere.state().kind).toBe('connecting');
  const sentAt = performance.now();
  expect(await nowhere.enqueue(newJob(), DEADLINE_MS)).toEqual({ ok: false, reason: 'connection' });
  expect(performance.now() - sentAt).toBeLessThan(500);
  expect(nowhere.state().kind).toBe('down');
  await nowhere.close();
});

it('a producer that has just been opened takes a job once it is connected', async () => {
  const fresh = openProducer({ url: redis.url, queueName: QUEUE, timeoutMs: DEADLINE_MS, name: 'test' });
  expect(fresh.state().kind).toBe('connecting');
  expect(await fresh.enqueue(newJob(), DEADLINE_MS)).toEqual({ ok: true });
  await fresh.close();
});
