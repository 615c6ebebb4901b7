/** The order of the queue and the orgs' slots: what the scripts in order-scripts.ts are asked. */
import type { Redis, Result } from 'ioredis';
import { PREFIX } from './connection.ts';
import { CALL_PARKED, ENTER, FORGET, LEAVE, RENEW } from './order-scripts.ts';

declare module 'ioredis' {
  // Parameters must be named as in ioredis' own declaration.
  interface RedisCommander<Context> {
    vespidEnter(key: string, ...args: (string | number)[]): Result<number[], Context>;
    vespidLeave(key: string, ...args: (string | number)[]): Result<null, Context>;
    vespidRenew(key: string, ...args: (string | number)[]): Result<null, Context>;
    vespidCallParked(key: string, ...args: (string | number)[]): Result<number, Context>;
    vespidForget(key: string, ...args: (string | number)[]): Result<null, Context>;
  }
}

/** How many jobs get their place in one script: a few milliseconds of Redis. */
const SWEEP_JOBS = 200;
/** Orgs a page of those that have parked jobs. */
const PAGE_ORGS = 100;
/** Jobs that one script calls. */
const CALLED_JOBS = 50;

/** A job that a worker has taken. */
export interface TakenJob {
  jobId: string;
  orgId: string;
  /** The job's priority in BullMQ. */
  class: number;
  /** Runs of the org that may be in flight; null: not limited. */
  maxInFlight: number | null;
}

/** `started`: it may be executed; `returned`: it is back in the queue; `parked`: it waits for a slot of its org. */
export type Entered = 'started' | 'returned' | 'parked';
const ENTERED: readonly Entered[] = ['returned', 'started', 'parked'];

export interface QueueOrder {
  /**
   * Decides about jobs that a worker has taken, and takes their orgs' slots for them.
   * @param holdMs how long a slot is held without renewal
   * @throws what Redis or its connection says: nothing is known then
   */
  enter(jobs: readonly TakenJob[], holdMs: number): Promise<Entered[]>;
  /** Lets go of slots; each calls one parked job. @throws as `enter` does */
  leave(jobs: readonly Omit<TakenJob, 'class'>[]): Promise<void>;
  /** Holds the slots of runs that go on; also those that Redis has forgotten. @throws as `enter` does */
  renew(orgId: string, jobIds: readonly string[], holdMs: number): Promise<void>;
  /** How many slots of an org with a limit are taken. @throws as `enter` does */
  taken(orgId: string): Promise<number>;
  /** Orgs that have parked jobs, page by page. @param cursor '0' at the beginning and at the end */
  parkedOrgs(cursor: string): Promise<{ cursor: string; orgIds: string[] }>;
  /** Calls parked jobs for slots that are free. @returns true when more may be called at once */
  callParked(orgId: string, maxInFlight: number | null): Promise<boolean>;
  /** A job is about to be removed. */
  forget(jobId: string): void;
}

const toLimit = (maxInFlight: number | null): number => maxInFlight ?? -1;

/** @param redis a fail-fast connection; its scripts are defined here */
export function openQueueOrder(redis: Redis, queueName: string): QueueOrder {
  const prefix = `${PREFIX}:${queueName}:`;
  const key = `${prefix}prioritized`;
  const scripts = {
    vespidEnter: ENTER,
    vespidLeave: LEAVE,
    vespidRenew: RENEW,
    vespidCallParked: CALL_PARKED,
    vespidForget: FORGET,
  };
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { numberOfKeys: 1, lua });

  return {
    async enter(jobs, holdMs) {
      const args = jobs.flatMap((job) => [job.jobId, job.orgId, job.class, toLimit(job.maxInFlight)]);
      const answers = await redis.vespidEnter(key, prefix, holdMs, SWEEP_JOBS, ...args);
      return answers.map((answer) => ENTERED[answer] ?? 'started');
    },
    async leave(jobs) {
      const args = jobs.flatMap((job) => [job.orgId, job.jobId, toLimit(job.maxInFlight)]);
      await redis.vespidLeave(key, prefix, ...args);
    },
    async renew(orgId, jobIds, holdMs) {
      await redis.vespidRenew(key, prefix, orgId, holdMs, ...jobIds);
    },
    // Whose time is over counts until somebody asks for a slot.
    taken: async (orgId) => redis.zcard(`${prefix}vespid:slots:${orgId}`),
    async parkedOrgs(cursor) {
      const [next, orgIds] = await redis.sscan(`${prefix}vespid:parked-orgs`, cursor, 'COUNT', PAGE_ORGS);
      return { cursor: next, orgIds };
    },
    callParked: async (orgId, maxInFlight) =>
      (await redis.vespidCallParked(key, prefix, orgId, toLimit(maxInFlight), CALLED_JOBS)) === CALLED_JOBS,
    forget(jobId) {
      redis.vespidForget(key, prefix, jobId).catch(() => {});
    },
  };
}
