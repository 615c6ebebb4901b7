/** worker/consumer on a real Redis: every job is handled and given back, and nobody is left asleep. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { blockingOptions, keys, openRedis, patientOptions } from '../../../lib/queue/connection.ts';
import { jobId } from '../../../lib/queue/job.ts';
import { openProducer, type Producer } from '../../../lib/queue/producer.ts';
import { openJobTaker, type Job, type JobTaker } from '../../../lib/queue/take.ts';
import { Consumer, type Verdict } from '../../../worker/consumer.ts';
import { startTestRedis, waitUntil, type TestRedis } from '../../support/stack.ts';

const QUEUE = 'consumer';
/** Far less than an idle worker waits before it looks by itself. */
const SOON_MS = 2000;
const names = keys(QUEUE);
const ORG_ID = randomUUID();

let redis: TestRedis;
let client: Redis;
let producer: Producer;
const opened: { consumer: Consumer; connections: Redis[] }[] = [];

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
  producer = openProducer({ url: redis.url, queueName: QUEUE, timeoutMs: 2000, name: 'test' });
  await waitUntil(() => producer.state().kind === 'up', { what: 'the queue is up' });
});
afterEach(async () => {
  for (const { consumer, connections } of opened.splice(0)) {
    await consumer.pause();
    await consumer.close();
    for (const connection of connections) connection.disconnect();
  }
  await producer.close();
});

interface Options {
  process: (job: Job) => Promise<Verdict>;
  concurrency?: number;
  leaseMs?: number;
  /** Changes what the consumer asks. */
  through?: (taker: JobTaker) => JobTaker;
}

function start({
  process,
  concurrency = 5,
  leaseMs = 15_000,
  through = (taker) => taker,
}: Options): Consumer {
  const connection = openRedis(redis.url, patientOptions('test'), () => {});
  const blocking = openRedis(redis.url, blockingOptions('test'), () => {});
  const consumer = new Consumer({
    taker: through(openJobTaker(connection, QUEUE)),
    blocking,
    marker: names.marker,
    concurrency,
    leaseMs,
    process,
    knownLimits: () => [[ORG_ID, null]],
    onError: () => {},
    onFailed: () => {},
  });
  opened.push({ consumer, connections: [connection, blocking] });
  consumer.run();
  return consumer;
}

async function add(count: number, delayMs = 0): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => ({
    runId: uuidv7(),
    orgId: ORG_ID,
    generation: 0,
    priority: 5,
    delayMs,
    format: 1,
  }));
  expect(await producer.enqueueMany(jobs, 2000)).toEqual({ ok: true });
  return jobs.map(({ runId }) => jobId(runId, 0));
}

/** Resolves it from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { opened: promise, open };
}

const soon = (what: string, isSo: () => boolean | Promise<boolean>): Promise<boolean> =>
  waitUntil(isSo, { what, timeoutMs: SOON_MS });
/** How many wait for the marker. */
const sleepers = async (): Promise<number> =>
  String(await client.client('LIST')).split('cmd=bzpopmin').length - 1;
const isAsleep = async (): Promise<boolean> => (await sleepers()) > 0;

it('handles every job of a backlog once, never more at a time than it has slots, and leaves nothing', async () => {
  const ids = await add(500);
  const handled: string[] = [];
  let [now, most] = [0, 0];
  start({
    concurrency: 7,
    process: async ({ id, hasEntered }) => {
      expect(hasEntered).toBe(true);
      now += 1;
      most = Math.max(most, now);
      await client.ping();
      now -= 1;
      handled.push(id);
      return 'done';
    },
  });
  await soon('all are handled', () => handled.length >= 500);
  expect(handled.toSorted()).toEqual(ids.toSorted());
  expect(most).toBe(7);
  await soon('nothing is left', async () => (await client.keys(names.job('*-*-*'))).length === 0);
  expect(await client.llen(names.job('active'))).toBe(0);
});

it('a job that comes while an answer is on its way is not left asleep with the marker that was taken for it', async () => {
  const [first, answer, asked] = [gate(), gate(), gate()];
  const handled: string[] = [];
  start({
    process: async ({ id }) => {
      handled.push(id);
      if (handled.length === 1) await first.opened;
      return 'done';
    },
    through: (taker) => ({
      ...taker,
      async exchange(question) {
        const exchanged = await taker.exchange(question);
        if (question.finished.length === 1 && handled.length === 1) {
          asked.open();
          await answer.opened;
        }
        return exchanged;
      },
    }),
  });
  await add(1);
  await soon('the first is under way, and it sleeps', async () => handled.length === 1 && (await isAsleep()));
  first.open();
  await asked.opened;
  await add(1);
  await soon('the marker is taken', async () => (await client.exists(names.marker)) === 0);
  answer.open();
  expect(await soon('the second is handled', () => handled.length === 2)).toBe(true);
});

/** One worker waits for the marker although it is full, and another one because nothing is queued; who handles what. */
async function fullAndIdle(beforeFull: () => Promise<void> = async () => {}) {
  const [first, end] = [gate(), gate()];
  const by: string[] = [];
  const process = async (): Promise<Verdict> => {
    by.push('full');
    await (by.length === 1 ? first.opened : end.opened);
    return 'done';
  };
  start({ concurrency: 2, process });
  await add(1);
  await soon('it has a free slot and sleeps', async () => by.length === 1 && (await sleepers()) === 1);
  start({
    process: async () => {
      by.push('other');
      return 'done';
    },
  });
  await soon('both sleep', async () => (await sleepers()) === 2);
  await beforeFull();
  // Jobs that no marker tells of: the first worker takes them with its next answer, and is full although it waits.
  for (const id of ['one', 'two']) {
    await client.hset(names.job(id), 'data', '{}');
    await client.lpush(names.job('wait'), id);
  }
  first.open();
  await soon('the first one is full', () => by.length === 3);
  return { by, end: end.open };
}

async function addDelayed(delayMs: number): Promise<void> {
  await add(1, delayMs);
  await soon('the marker is taken', async () => (await client.exists(names.marker)) === 0);
}

it.each([
  ['a job', async () => void (await add(1))],
  ['a delayed job', async () => addDelayed(1200)],
])('%s whose marker a full worker takes is handled by another one in time', async (_name, addOne) => {
  const { by, end } = await fullAndIdle();
  await addOne();
  expect(await soon('the other one has it', () => by.includes('other'))).toBe(true);
  end();
});

it('a delayed job that a worker waits for, and is full then, is handled by another one in time', async () => {
  const { by, end } = await fullAndIdle(async () => addDelayed(500));
  expect(await soon('the other one has it', () => by.includes('other'))).toBe(true);
  end();
});

it('a job that comes back later does so in its time, and one that fails is over', async () => {
  const seen: { id: string; at: number }[] = [];
  start({
    process: async ({ id }) => {
      seen.push({ id, at: Date.now() });
      const count = seen.filter((one) => one.id === id).length;
      if (count === 2) throw new Error('a bug');
      return { comeBackMs: 300 };
    },
  });
  const [id] = await add(1);
  await soon('it has come twice', () => seen.length === 2);
  expect((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(299);
  await soon('it is gone', async () => (await client.exists(names.job(id ?? ''))) === 0);
});

it('a delayed job starts when it is due although nobody adds another one', async () => {
  const starts: number[] = [];
  start({
    process: async () => {
      starts.push(Date.now());
      return 'done';
    },
  });
  await soon('it sleeps', isAsleep);
  const addedAt = Date.now();
  await add(1, 700);
  await soon('it has started', () => starts.length === 1);
  expect((starts[0] ?? 0) - addedAt).toBeGreaterThanOrEqual(699);
  expect((starts[0] ?? 0) - addedAt).toBeLessThan(1000);
});

it('a worker that is gone loses its jobs to another one; one that goes on keeps them however long', async () => {
  const leaseMs = 300;
  const taker = openJobTaker(client, QUEUE);
  const [lost] = await add(1);
  await taker.exchange({ maxJobs: 1, finished: [], later: [], known: [], holdMs: 1000 });
  const end = gate();
  const seen: string[] = [];
  start({
    leaseMs,
    process: async ({ id }) => {
      seen.push(id);
      await end.opened;
      return 'done';
    },
  });
  await soon('the lost one is found', () => seen.length === 1);
  expect(seen).toEqual([lost]);
  let checks = 0;
  await waitUntil(
    async () => {
      if (await client.set(names.job('vespid:test'), 1, 'PX', leaseMs, 'NX')) checks += 1;
      return checks === 6;
    },
    { what: 'several checks have passed' },
  );
  expect(seen).toEqual([lost]);
  end.open();
});

it('a paused queue is left alone, and gone on with', async () => {
  await client.hset(names.meta, 'paused', 1);
  const seen: string[] = [];
  start({
    process: async ({ id }) => {
      seen.push(id);
      return 'done';
    },
  });
  const ids = await add(3);
  await soon('it sleeps', isAsleep);
  expect(seen).toEqual([]);
  await client.hdel(names.meta, 'paused');
  await client.zadd(names.marker, 0, '0');
  await soon('all are handled', () => seen.length === 3);
  expect(seen.toSorted()).toEqual(ids.toSorted());
});

it('a worker that stops does not wait for a job that has been given back meanwhile', async () => {
  const [entering, answer] = [gate(), gate()];
  const consumer = start({
    concurrency: 1,
    process: async () => {
      entering.open();
      await answer.opened;
      return 'returned';
    },
  });
  await add(1);
  await entering.opened;
  await consumer.pause();
  const closing = consumer.close().then(() => true);
  answer.open();
  expect(await Promise.race([closing, sleep(SOON_MS, false)])).toBe(true);
});

it('a worker that stops takes nothing more, and what it was woken for is done by another one', async () => {
  const seen: string[] = [];
  const process = (name: string) => async (): Promise<Verdict> => {
    seen.push(name);
    return 'done';
  };
  const first = start({ process: process('first') });
  await soon('it sleeps', isAsleep);
  const paused = first.pause();
  await add(20);
  await paused;
  const byFirst = seen.length;
  start({ process: process('second') });
  await soon('all are handled', () => seen.length === 20);
  expect(seen.filter((name) => name === 'first')).toHaveLength(byFirst);
});
