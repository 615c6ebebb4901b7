/** Taking jobs from the queue and giving them back: what the scripts in take-scripts.ts are asked. */
import type { Redis, Result } from 'ioredis';
import { PREFIX } from './connection.ts';
import { CHECK_STALLED, EXCHANGE, HOLD } from './take-scripts.ts';

declare module 'ioredis' {
  // Parameters must be named as in ioredis' own declaration.
  interface RedisCommander<Context> {
    vespidExchange(key: string, ...args: (string | number)[]): Result<(string | number)[], Context>;
    vespidHold(key: string, ...args: (string | number)[]): Result<null, Context>;
    vespidCheckStalled(key: string, ...args: (string | number)[]): Result<number, Context>;
  }
}

/** How many jobs get their place in one script: a few milliseconds of Redis. */
const SWEEP_JOBS = 200;

/** A job that this worker has. */
export interface Job {
  id: string;
  /** The payload; undefined when it is no JSON, or when Redis has lost it. */
  data: unknown;
  /** BullMQ's. */
  priority: number;
  /** Its turn has come and its org has a slot for it; else that is still to be asked (order.ts). */
  hasEntered: boolean;
}

/** A job to be given back. */
export interface LaterJob {
  id: string;
  /** Not before so many milliseconds from now. */
  delayMs: number;
}

/** An org, and how many of its runs may be in flight; null: not limited. */
export type OrgLimit = readonly [orgId: string, maxInFlight: number | null];

export interface Asked {
  /** Takes so many at most. */
  maxJobs: number;
  finished: readonly string[];
  later: readonly LaterJob[];
  /** Orgs whose jobs enter at once. */
  known: readonly OrgLimit[];
  /** How long a slot of an org is held without renewal, ms. */
  holdMs: number;
}

export interface Exchanged {
  jobs: Job[];
  /** When the next delayed job is due, ms from now; null when none is delayed. */
  dueInMs: number | null;
}

export interface JobTaker {
  /** Gives jobs back and takes others, in one round trip. It may be repeated. @throws what Redis or its connection says */
  exchange(asked: Asked): Promise<Exchanged>;
  /** Locks jobs that go on, for `forMs`. @throws as `exchange` does */
  hold(token: string, jobIds: readonly string[], forMs: number): Promise<void>;
  /** Gives back what nobody holds, at most once in `everyMs` of all workers. @throws as `exchange` does */
  checkStalled(everyMs: number): Promise<void>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer of EXCHANGE. */
function readAnswer([dueInMs, ...fields]: readonly (string | number)[]): Exchanged {
  const jobs: Job[] = [];
  for (let at = 0; at < fields.length; at += 4) {
    jobs.push({
      id: String(fields[at]),
      hasEntered: fields[at + 1] === 1,
      priority: Number(fields[at + 2]),
      data: parse(String(fields[at + 3])),
    });
  }
  return { jobs, dueInMs: Number(dueInMs) < 0 ? null : Number(dueInMs) };
}

/** @param redis its scripts are defined here */
export function openJobTaker(redis: Redis, queueName: string): JobTaker {
  const prefix = `${PREFIX}:${queueName}:`;
  const key = `${prefix}active`;
  redis.defineCommand('vespidExchange', { numberOfKeys: 1, lua: EXCHANGE });
  redis.defineCommand('vespidHold', { numberOfKeys: 1, lua: HOLD });
  redis.defineCommand('vespidCheckStalled', { numberOfKeys: 1, lua: CHECK_STALLED });
  return {
    async exchange({ maxJobs, finished, later, known, holdMs }) {
      const counts = [finished.length, later.length, known.length];
      const args: (string | number)[] = [prefix, maxJobs, holdMs, SWEEP_JOBS, ...counts, ...finished];
      for (const { id, delayMs } of later) args.push(id, Math.max(0, Math.ceil(delayMs)));
      for (const [orgId, maxInFlight] of known) args.push(orgId, maxInFlight ?? -1);
      return readAnswer(await redis.vespidExchange(key, ...args));
    },
    async hold(token, jobIds, forMs) {
      if (jobIds.length > 0) await redis.vespidHold(key, prefix, token, forMs, ...jobIds);
    },
    async checkStalled(everyMs) {
      await redis.vespidCheckStalled(key, prefix, everyMs);
    },
  };
}
