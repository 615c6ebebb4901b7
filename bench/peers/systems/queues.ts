/** Queues alone: a producer and a worker, each a process; the job does nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '../stage.ts';
import type { RunningSystem, System } from '../system.ts';

const POLL_MS = 25;
const LATENCY_END = 'the call of the handler';

export const pgBoss: System = {
  name: 'pg-boss',
  job: 'queue',
  packages: ['pg-boss', 'pg'],
  setup: 'batches of 50 with burstWhenBatchFull, LISTEN/NOTIFY, poll of 0.5 s; pool 10 each',
  latencyEnd: LATENCY_END,
  start: async (stage) => startQueue(stage, 'pg-boss', await stage.postgres()),
};

export const pgBossPolling: System = {
  name: 'pg-boss-polling',
  job: 'queue',
  packages: ['pg-boss', 'pg'],
  setup: 'batches of 50 with burstWhenBatchFull, poll of 0.5 s alone (default 2 s); pool 10 each',
  latencyEnd: LATENCY_END,
  start: async (stage) => startQueue(stage, 'pg-boss-polling', await stage.postgres()),
};

export const graphileWorker: System = {
  name: 'graphile-worker',
  job: 'queue',
  packages: ['graphile-worker', 'pg'],
  setup:
    'as its page on performance: localQueue of 500, completeJobBatchDelay 0; 50 jobs at once, pool 10 each',
  latencyEnd: LATENCY_END,
  start: async (stage) => startQueue(stage, 'graphile-worker', await stage.postgres()),
};

export const bullmq: System = {
  name: 'bullmq',
  job: 'queue',
  packages: ['bullmq', 'ioredis'],
  setup: 'Queue.add and a worker of 50 on a Redis with an append-only file (fsync every second)',
  latencyEnd: LATENCY_END,
  start: async (stage) => startQueue(stage, 'bullmq', await stage.redis()),
};

async function startQueue(stage: Stage, kind: string, url: string): Promise<RunningSystem> {
  const env = { STORE_URL: url };
  const producer = await stage.program('queue-producer.ts', env, [kind]);
  const worker = await stage.program('queue-worker.ts', env, [kind]);
  return {
    create: async (count, inFlight) => {
      await producer.ask('create', { count, inFlight });
    },
    // Both programs are ours.
    unfinished: async () => (await producer.ask('unfinished')) as number,
    sample: async (ratePerSecond, seconds) => {
      await worker.ask('takeLatencies');
      await producer.ask('sample', { ratePerSecond, seconds });
      while (((await producer.ask('unfinished')) as number) > 0) await sleep(POLL_MS);
      return (await worker.ask('takeLatencies')) as number[];
    },
  };
}
