/**
 * Whether a job that was taken may start now: its org's turn has come and a slot of its org is free (docs/limits.md).
 * What is asked while an answer is under way is asked together after it. Without Redis every job starts.
 */
import type { Config } from '../lib/config.ts';
import type { Sql } from '../lib/db/client.ts';
import type { JobPayload } from '../lib/queue/job.ts';
import type { Entered, TakenJob } from '../lib/queue/order.ts';
import type { Producer } from '../lib/queue/producer.ts';
import type { Job, OrgLimit } from '../lib/queue/take.ts';
import { createInFlightLimits, type InFlightLimits } from './in-flight-limits.ts';

/** Redis is not waited for any longer. */
const ANSWER_MS = 250;
const MAX_BATCH = 100;
/** Orgs that every request for jobs names with their limits. */
const MAX_KNOWN = 32;

export interface OrgSlots {
  /** Decides about a job; one that may not start has been handed back to the queue already. */
  enter(job: Pick<Job, 'id' | 'priority'>, payload: JobPayload): Promise<Entered>;
  /** The orgs of the last jobs whose limits are known: their jobs may enter in the moment in which they are taken. */
  known(): OrgLimit[];
  /** A job of such an org has entered. */
  entered(orgId: string, jobId: string): void;
  /** The run whose job entered has ended, or waits. */
  leave(orgId: string, jobId: string): void;
  /** Renews the slots of the runs that go on. @throws when Redis is away */
  renew(): Promise<void>;
  limits: InFlightLimits;
}

export interface OrgSlotsOptions {
  config: Pick<Config, 'leaseMs' | 'databaseTimeoutMs'>;
  sql: Sql;
  queue: Pick<Producer, 'order' | 'state'>;
  /** Milliseconds; only tests give their own. */
  now?: () => number;
}

interface Asking {
  taken: TakenJob;
  answer: (entered: Entered) => void;
}

class Slots implements OrgSlots {
  readonly limits: InFlightLimits;
  readonly #queue: OrgSlotsOptions['queue'];
  readonly #holdMs: number;
  #asking: Asking[] = [];
  #isUnderWay = false;
  #left: { orgId: string; jobId: string }[] = [];
  #isLeaving = false;
  /** Jobs that have entered, by org: also those of orgs without a limit, which may be given one. */
  readonly #inside = new Map<string, Set<string>>();
  /** The last one comes last. */
  readonly #recent = new Set<string>();

  constructor({ config, sql, queue, now }: OrgSlotsOptions) {
    this.#queue = queue;
    this.#holdMs = config.leaseMs * 2;
    this.limits = createInFlightLimits(sql, config.databaseTimeoutMs, now);
  }

  async enter(
    { id: jobId, priority }: Pick<Job, 'id' | 'priority'>,
    { orgId }: JobPayload,
  ): Promise<Entered> {
    const maxInFlight = await this.limits.of(orgId);
    const entered = await this.#ask({ jobId, orgId, class: priority, maxInFlight });
    if (entered === 'started') this.#keep(orgId, jobId);
    return entered;
  }

  known(): OrgLimit[] {
    const known: OrgLimit[] = [];
    for (const orgId of this.#recent) {
      const limit = this.limits.known(orgId);
      if (limit === undefined) this.#recent.delete(orgId);
      else known.push([orgId, limit]);
    }
    return known;
  }

  entered(orgId: string, jobId: string): void {
    this.limits.seen(orgId);
    this.#keep(orgId, jobId);
  }

  #keep(orgId: string, jobId: string): void {
    const inside = this.#inside.get(orgId) ?? new Set();
    this.#inside.set(orgId, inside.add(jobId));
    this.#recent.delete(orgId);
    this.#recent.add(orgId);
    const [oldest] = this.#recent;
    if (this.#recent.size > MAX_KNOWN && oldest !== undefined) this.#recent.delete(oldest);
  }

  leave(orgId: string, jobId: string): void {
    const inside = this.#inside.get(orgId);
    inside?.delete(jobId);
    if (inside?.size === 0) this.#inside.delete(orgId);
    if (typeof this.limits.known(orgId) !== 'number') return;
    this.#left.push({ orgId, jobId });
    if (!this.#isLeaving) void this.#sendLeft();
  }

  async renew(): Promise<void> {
    for (const [orgId, jobIds] of this.#inside) {
      // Asked for, so that the limit of an org is not forgotten while a run of it goes on.
      if ((await this.limits.of(orgId)) === null || jobIds.size === 0) continue;
      await this.#queue.order.renew(orgId, [...jobIds], this.#holdMs);
    }
  }

  #ask(taken: TakenJob): Promise<Entered> {
    if (this.#queue.state().kind === 'down') return Promise.resolve('started');
    return new Promise((resolve) => {
      const asking: Asking = {
        taken,
        answer(entered) {
          clearTimeout(timer);
          resolve(entered);
        },
      };
      const timer = setTimeout(() => {
        // Asked later, it would take a slot that nobody lets go of.
        this.#asking = this.#asking.filter((other) => other !== asking);
        resolve('started');
      }, ANSWER_MS);
      this.#asking.push(asking);
      if (!this.#isUnderWay) void this.#sendAsking();
    });
  }

  async #sendAsking(): Promise<void> {
    this.#isUnderWay = true;
    while (this.#asking.length > 0) {
      const batch = this.#asking.splice(0, MAX_BATCH);
      try {
        const taken = batch.map((asking) => asking.taken);
        const answers = await this.#queue.order.enter(taken, this.#holdMs);
        for (const [index, { answer }] of batch.entries()) answer(answers[index] ?? 'started');
      } catch {
        for (const { answer } of batch) answer('started');
      }
    }
    this.#isUnderWay = false;
  }

  /** What Redis does not take now is over with the slot's time. */
  async #sendLeft(): Promise<void> {
    this.#isLeaving = true;
    while (this.#left.length > 0) {
      const batch = this.#left.splice(0, MAX_BATCH);
      const runs = batch.map((run) => ({ ...run, maxInFlight: this.limits.known(run.orgId) ?? null }));
      await this.#queue.order.leave(runs).catch(() => {});
    }
    this.#isLeaving = false;
  }
}

export const createOrgSlots = (options: OrgSlotsOptions): OrgSlots => new Slots(options);
