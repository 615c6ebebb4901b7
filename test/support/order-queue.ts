/** The order of the queue on a real Redis. The worker is played here: it takes jobs as BullMQ's scripts do. */
import { Redis } from 'ioredis';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { keys } from '../../lib/queue/connection.ts';
import type { Entered } from '../../lib/queue/order.ts';
import { openProducer, type Producer } from '../../lib/queue/producer.ts';
import { startTestRedis, waitUntil, type TestRedis } from './stack.ts';

const QUEUE = 'order';
export const { job: key } = keys(QUEUE);
export const HOLD_MS = 10_000;
let redis: TestRedis;
export let client: Redis;
export let producer: Producer;

/** Call it once in a file: each test has an empty Redis, `client` and `producer`. */
export function useOrderQueue(): void {
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
  afterEach(async () => producer.close());
}

interface Queued {
  orgId: string;
  priority?: number;
  generation?: number;
}
export interface Started {
  orgId: string;
  runId: string;
  priority: number;
}

/** By run id. */
const runs = new Map<string, { orgId: string; priority: number }>();

export async function add(items: readonly Queued[], delayMs = 0): Promise<string[]> {
  const jobs = items.map(({ orgId, priority = 5, generation = 0 }) => {
    const runId = uuidv7();
    runs.set(runId, { orgId, priority });
    return { runId, orgId, generation, priority, delayMs, format: 1 };
  });
  expect(await producer.enqueueMany(jobs, 10_000)).toEqual({ ok: true });
  return jobs.map(({ runId }) => runId);
}
export const times = (count: number, item: Queued): Queued[] => Array.from({ length: count }, () => item);

/** Takes the next job as a worker does, and asks whether it may start; null when nothing is queued. */
export async function take(
  maxInFlight: number | null = null,
): Promise<(Started & { entered: Entered }) | null> {
  const [id] = await client.zpopmin(key('prioritized'));
  if (id === undefined) return null;
  await client.lpush(key('active'), id);
  const runId = id.slice(0, 36);
  const run = runs.get(runId) ?? { orgId: '', priority: 0 };
  const priority = Number(await client.hget(key(id), 'priority'));
  const taken = { jobId: id, orgId: run.orgId, class: priority, maxInFlight };
  const [entered = 'started'] = await producer.order.enter([taken], HOLD_MS);
  return { runId, ...run, entered };
}

export const leave = (orgId: string, id: string, maxInFlight: number): Promise<void> =>
  producer.order.leave([{ orgId, jobId: id, maxInFlight }]);

/** The next run that starts; null when nothing is queued any more. */
export async function start(): Promise<Started | null> {
  for (;;) {
    const next = await take();
    if (next === null || next.entered === 'started') return next;
  }
}

export async function startAll(): Promise<Started[]> {
  const started: Started[] = [];
  for (let next = await start(); next !== null; next = await start()) started.push(next);
  return started;
}
