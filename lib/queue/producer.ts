/** Puts runs into the queue, or says within the deadline that it could not. */
import type { Redis } from 'ioredis';
import { openJobAdder } from './add.ts';
import { watchAvailability, type QueueState } from './availability.ts';
import { failFastOptions, keys, openRedis } from './connection.ts';
import { queueFailureReason, type QueueFailureReason } from './failure.ts';
import { jobId, type RunJob } from './job.ts';
import { openQueueOrder, type QueueOrder } from './order.ts';

/** BullMQ's events stream is kept short: nothing depends on QueueEvents. */
const MAX_LEN_EVENTS = 100;

/** `ok: false` says nothing about whether the command may still reach Redis later. */
type EnqueueResult = { ok: true } | { ok: false; reason: QueueFailureReason };

export interface Producer {
  /** What is known without asking: `down` answers a create before a row is written. */
  state(): QueueState;
  /** Adds the run's job; a duplicate id is ignored by the queue. Never takes longer than `timeoutMs`. */
  enqueue(job: RunJob, timeoutMs: number): Promise<EnqueueResult>;
  /** Adds many, some hundred in one script. It is no transaction: after any error every item's outcome is open. */
  enqueueMany(jobs: readonly RunJob[], timeoutMs: number): Promise<EnqueueResult>;
  /** Takes back the job of a run that will not be executed, unless a worker has it. What stays is dropped by a worker. */
  discard(runId: string, generation: number): void;
  /** The fail-fast connection, for small commands beside the queue (EXISTS, PUBLISH). */
  redis: Redis;
  /** Who goes when. */
  order: QueueOrder;
  close(): Promise<void>;
}

export interface ProducerOptions {
  url: string;
  queueName: string;
  /** Bound on every command, ms (WORKFLOW_ENQUEUE_TIMEOUT_MS). */
  timeoutMs: number;
  name: string;
}

export function openProducer(options: ProducerOptions): Producer {
  const names = keys(options.queueName);
  const redis = openRedis(options.url, failFastOptions(options.timeoutMs, options.name), () => {});
  const availability = watchAvailability(redis, names, MAX_LEN_EVENTS);
  const adder = openJobAdder(redis, options.queueName, options.timeoutMs);
  const order = openQueueOrder(redis, options.queueName);

  async function send(add: (leftMs: number) => Promise<void>, timeoutMs: number): Promise<EnqueueResult> {
    const startedAt = performance.now();
    try {
      if (availability.state().kind === 'connecting') await availability.settled(timeoutMs);
      const state = availability.state();
      if (state.kind === 'down') return { ok: false, reason: state.reason };
      await add(Math.max(1, timeoutMs - (performance.now() - startedAt)));
      return { ok: true };
    } catch (error) {
      const reason = queueFailureReason(error);
      availability.reportFailure(reason);
      return { ok: false, reason };
    }
  }

  return {
    redis,
    order,
    state: availability.state,
    enqueue: (job, timeoutMs) => send((leftMs) => adder.add(job, leftMs), timeoutMs),
    enqueueMany: (jobs, timeoutMs) =>
      jobs.length === 0
        ? Promise.resolve({ ok: true })
        : send((leftMs) => adder.addMany(jobs, leftMs), timeoutMs),
    discard(runId, generation) {
      adder.remove(jobId(runId, generation)).catch(() => {});
    },
    close() {
      availability.stop();
      redis.disconnect();
      return Promise.resolve();
    },
  };
}
