/**
 * Takes jobs from the queue, as many as there are free slots, and gives them back when they are done. One round trip is
 * under way at a time: what ends meanwhile goes with the next one, so under load many jobs share it, and a lone job has
 * it for itself. When nothing is queued a connection of its own waits for BullMQ's marker.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Job, JobTaker, LaterJob, OrgLimit } from '../lib/queue/take.ts';

/** What becomes of a job: it is over, comes back after so many ms, or has been given back already. */
export type Verdict = 'done' | 'returned' | { comeBackMs: number };

/** Of one round trip. */
const MAX_JOBS = 100;
/** An idle worker looks by itself so often, ms: a marker may be lost with the worker that took it. */
const IDLE_MS = 5000;
/** Shortest wait that every supported Redis takes for one, ms. */
const MIN_WAIT_MS = 2;
/** After a failure, ms. */
const AGAIN_MS = 500;

export interface ConsumerOptions {
  taker: JobTaker;
  /** For the wait alone. */
  blocking: Redis;
  /** The key of BullMQ's marker. */
  marker: string;
  concurrency: number;
  leaseMs: number;
  /** Handles a job; what it rejects with goes to `onFailed`, and the job is over. */
  process(job: Job): Promise<Verdict>;
  /** Orgs whose limit is known, the most recent ones. */
  knownLimits(): OrgLimit[];
  onError(error: unknown): void;
  onFailed(job: Job, error: unknown): void;
}

export class Consumer {
  readonly #options: ConsumerOptions;
  readonly #token = randomUUID();
  /** What is being processed. */
  readonly #held = new Set<Job>();
  #finished: string[] = [];
  #later: LaterJob[] = [];
  #isScheduled = false;
  #isExchanging = false;
  #isWaiting = false;
  #isStopping = false;
  /** The marker was taken, or a job is due: perhaps nobody else hears of it. */
  #isWoken = false;
  /** Somebody else is to be told of what is left. */
  #mustWake = false;
  #timers: NodeJS.Timeout[] = [];
  /** Whoever waits until nothing is under way. */
  #idle: (() => void)[] = [];

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  /** Begins to take jobs. */
  run(): void {
    const { taker, leaseMs, onError } = this.#options;
    const every = (ms: number, work: () => Promise<void>): void => {
      let isBusy = false;
      const once = async (): Promise<void> => {
        // While Redis is away nothing gathers.
        if (isBusy) return;
        isBusy = true;
        await work().catch(onError);
        isBusy = false;
      };
      this.#timers.push(setInterval(() => void once(), ms));
    };
    // A stalled job is looked at again, never failed: the lock is only a hint, the row's lease decides.
    every(leaseMs, async () => taker.checkStalled(leaseMs));
    every(leaseMs / 2, async () => taker.hold(this.#token, this.#heldIds(), leaseMs));
    taker.checkStalled(leaseMs).catch(onError);
    this.#soon();
  }

  /** Takes no more jobs; resolves when none is on its way. Redis may be away: it has no bound of its own. */
  async pause(): Promise<void> {
    this.#isStopping = true;
    // The marker may have been taken in this moment.
    this.#mustWake = true;
    this.#options.blocking.disconnect();
    this.#soon();
    await this.#settled(() => !this.#isExchanging && !this.#mustWake);
  }

  /** Resolves when every job is done and has been given back. */
  async close(): Promise<void> {
    await this.#settled(() => this.#held.size === 0 && !this.#hasNews() && !this.#isExchanging);
    for (const timer of this.#timers) clearInterval(timer);
  }

  #heldIds(): string[] {
    return [...this.#held].map(({ id }) => id);
  }

  #hasNews(): boolean {
    return this.#finished.length > 0 || this.#later.length > 0 || this.#mustWake;
  }

  async #settled(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => void this.#idle.push(resolve));
  }

  #tell(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }

  /** At the end of this turn of the event loop: what ends in it goes together. */
  #soon(): void {
    if (this.#isScheduled || this.#isExchanging) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#exchange();
    });
  }

  async #exchange(): Promise<void> {
    const { taker, concurrency, leaseMs, knownLimits, onError } = this.#options;
    const maxJobs = this.#isStopping ? 0 : Math.min(MAX_JOBS, concurrency - this.#held.size);
    if (maxJobs <= 0 && this.#isWoken) this.#mustWake = true;
    this.#isWoken = false;
    if (maxJobs <= 0 && !this.#hasNews()) return this.#tell();
    const finished = this.#finished.splice(0, MAX_JOBS);
    const later = this.#later.splice(0, MAX_JOBS);
    const mustWake = this.#mustWake;
    this.#isExchanging = true;
    try {
      const asked = { maxJobs, finished, later, known: knownLimits(), holdMs: leaseMs * 2 };
      const { jobs, dueInMs } = await taker.exchange(asked);
      this.#isExchanging = false;
      if (mustWake) this.#mustWake = false;
      for (const job of jobs) void this.#handle(job);
      const isFull = jobs.length === maxJobs && this.#held.size < concurrency;
      if (this.#isWoken || this.#hasNews() || isFull) this.#soon();
      else if (jobs.length < maxJobs) void this.#wait(dueInMs ?? IDLE_MS);
    } catch (error) {
      onError(error);
      this.#finished.unshift(...finished);
      this.#later.unshift(...later);
      setTimeout(() => {
        this.#isExchanging = false;
        this.#soon();
      }, AGAIN_MS);
    }
    this.#tell();
  }

  async #handle(job: Job): Promise<void> {
    this.#held.add(job);
    let verdict: Verdict = 'done';
    try {
      verdict = await this.#options.process(job);
    } catch (error) {
      this.#options.onFailed(job, error);
    }
    this.#held.delete(job);
    if (verdict === 'done') this.#finished.push(job.id);
    else if (verdict !== 'returned') this.#later.push({ id: job.id, delayMs: verdict.comeBackMs });
    this.#soon();
  }

  /** Until a job is added, or `dueInMs` have passed. */
  async #wait(dueInMs: number): Promise<void> {
    if (this.#isWaiting || this.#isStopping) return;
    const { blocking, marker, onError } = this.#options;
    this.#isWaiting = true;
    const timeoutMs = Math.min(IDLE_MS, Math.max(MIN_WAIT_MS, dueInMs));
    try {
      await blocking.bzpopmin(marker, timeoutMs / 1000);
    } catch (error) {
      onError(error);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    this.#isWaiting = false;
    if (!this.#isStopping) this.#isWoken = true;
    this.#soon();
  }
}
