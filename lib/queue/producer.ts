/** Puts runs into the queue, or says within the deadline that it could not. */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { watchAvailability, type QueueState } from './availability.ts';
import { failFastOptions, keys, openRedis, PREFIX } from './connection.ts';
import { queueFailureReason, type QueueFailureReason } from './failure.ts';
import { jobId, toPayload, toQueuePriority, type RunJob } from './job.ts';
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
  /** Adds many in one round trip. It is no transaction: after any error every item's outcome is open. */
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

const jobOptions = (job: RunJob) => ({
  jobId: jobId(job.runId, job.generation),
  priority: toQueuePriority(job),
  ...(job.delayMs > 0 ? { delay: Math.ceil(job.delayMs) } : {}),
  // Attempts are counted in the row (contract, section 4); Redis keeps nothing of what is done.
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: true,
});

/** Rejects when `promise` has not settled after `timeoutMs`; the promise itself goes on. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the enqueue timed out')), timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

export function openProducer(options: ProducerOptions): Producer {
  const names = keys(options.queueName);
  const redis = openRedis(options.url, failFastOptions(options.timeoutMs, options.name), () => {});
  const availability = watchAvailability(redis, names, MAX_LEN_EVENTS);
  const queue = new Queue(options.queueName, {
    connection: redis,
    prefix: PREFIX,
    // A failed first INFO would make every later add fail, and waiting for "ready" has no bound.
    skipVersionCheck: true,
    skipWaitingForReady: true,
    skipMetasUpdate: true,
    streams: { events: { maxLen: MAX_LEN_EVENTS } },
  });
  queue.on('error', () => {});
  const order = openQueueOrder(redis, options.queueName);

  async function send(add: () => Promise<unknown>, timeoutMs: number): Promise<EnqueueResult> {
    const startedAt = performance.now();
    try {
      if (availability.state().kind === 'connecting') await availability.settled(timeoutMs);
      const state = availability.state();
      if (state.kind === 'down') return { ok: false, reason: state.reason };
      await within(add(), Math.max(1, timeoutMs - (performance.now() - startedAt)));
      order.sweepSoon();
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
    enqueue: (job, timeoutMs) => send(() => queue.add('run', toPayload(job), jobOptions(job)), timeoutMs),
    enqueueMany: (jobs, timeoutMs) =>
      jobs.length === 0
        ? Promise.resolve({ ok: true })
        : send(
            () =>
              queue.addBulk(
                jobs.map((job) => ({ name: 'run', data: toPayload(job), opts: jobOptions(job) })),
              ),
            timeoutMs,
          ),
    discard(runId, generation) {
      const id = jobId(runId, generation);
      order.forget(id);
      queue.remove(id).catch(() => {});
    },
    async close() {
      availability.stop();
      await queue.close().catch(() => {});
      redis.disconnect();
    },
  };
}
