/** Adds jobs to the queue: those of different callers share a command, and each caller has its own deadline. */
import type { Redis, Result } from 'ioredis';
import { createBatcher } from '../batch.ts';
import { ADD, DISCARD } from './add-script.ts';
import { PREFIX } from './connection.ts';
import { queueFailureReason } from './failure.ts';
import { jobId, toPayload, toQueuePriority, type RunJob } from './job.ts';

declare module 'ioredis' {
  // Parameters must be named as in ioredis' own declaration.
  interface RedisCommander<Context> {
    vespidAdd(key: string, ...args: (string | number)[]): Result<number, Context>;
    vespidDiscard(key: string, ...args: (string | number)[]): Result<null, Context>;
  }
}

/** Jobs of one script: a few milliseconds of Redis. */
const MAX_JOBS = 200;
/** One is carried out while the next one is on its way. */
const MAX_IN_FLIGHT = 2;

export interface JobAdder {
  /**
   * Adds a job; one whose id is there is left as it is.
   * @throws what Redis or its connection says, or that the time is up: it is not known then whether the job is there
   */
  add(job: RunJob, timeoutMs: number): Promise<void>;
  /** Adds many, some hundred at a time. @throws as `add` does, of any of them */
  addMany(jobs: readonly RunJob[], timeoutMs: number): Promise<void>;
  /** Removes a job that no worker has. @throws what Redis or its connection says */
  remove(jobId: string): Promise<void>;
}

interface Wanted {
  job: RunJob;
  /** performance.now() at which its caller gives up: what has not been sent then is not sent any more. */
  deadline: number;
}

const timedOut = (): Error => new Error('the enqueue timed out');

/** Rejects when `promise` has not settled after `timeoutMs`; the promise itself goes on. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timedOut()), timeoutMs);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** The arguments of one job, as ADD takes them. */
const pushJob = (args: (string | number)[], job: RunJob): void =>
  void args.push(
    jobId(job.runId, job.generation),
    job.orgId,
    JSON.stringify(toPayload(job)),
    toQueuePriority(job),
    Math.max(0, Math.ceil(job.delayMs)),
  );

/**
 * @param redis a fail-fast connection; its scripts are defined here
 * @param timeoutMs bound on every command of the connection
 */
export function openJobAdder(redis: Redis, queueName: string, timeoutMs: number): JobAdder {
  const prefix = `${PREFIX}:${queueName}:`;
  const key = `${prefix}prioritized`;
  redis.defineCommand('vespidAdd', { numberOfKeys: 1, lua: ADD });
  redis.defineCommand('vespidDiscard', { numberOfKeys: 1, lua: DISCARD });

  const send = async (jobs: readonly RunJob[]): Promise<void> => {
    const args: (string | number)[] = [prefix];
    for (const job of jobs) pushJob(args, job);
    await redis.vespidAdd(key, ...args);
  };

  /** Tells of each job whether it was sent. */
  const batcher = createBatcher<Wanted, boolean>({
    async send(wanted) {
      const now = performance.now();
      const inTime = wanted.map(({ deadline }) => deadline > now);
      const jobs = wanted.filter((_, index) => inTime[index]).map(({ job }) => job);
      if (jobs.length > 0) await send(jobs);
      return inTime;
    },
    maxItems: MAX_JOBS,
    maxInFlight: MAX_IN_FLIGHT,
    maxWaitMs: timeoutMs,
    late: timedOut,
    // Anything else concerns all of them, now.
    isolates: (error) => queueFailureReason(error) === 'rejected',
  });

  return {
    async add(job, boundMs) {
      const adding = batcher.add({ job, deadline: performance.now() + boundMs });
      // In a busy process the answer can come before the timer.
      if (!(await within(adding, boundMs))) throw timedOut();
    },
    async addMany(jobs, boundMs) {
      const sent: Promise<void>[] = [];
      for (let at = 0; at < jobs.length; at += MAX_JOBS) sent.push(send(jobs.slice(at, at + MAX_JOBS)));
      await within(Promise.all(sent), boundMs);
    },
    async remove(id) {
      await redis.vespidDiscard(key, prefix, id);
    },
  };
}
