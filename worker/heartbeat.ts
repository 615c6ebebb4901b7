/** Says every second that this worker lives, and learns which of its leases are lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { bounded } from '../lib/db/failure.ts';
import { OLDEST_FORMAT } from '../lib/formats.ts';
import { lookForStrays, requeueStrays, type DuePlace } from '../lib/db/runs/reconcile.ts';
import { beat, removeWorker, yieldLead } from '../lib/db/workers.ts';
import type { WorkerDeps } from './deps.ts';
import { requeue } from './requeue.ts';

/** A cancel must reach a running call well within 2 s (design, invariant 10). */
const MAX_INTERVAL_MS = 1000;
/** Leases confirmed longer ago are asked about before a step starts: the same invariant, after a pause of the process. */
const MAX_UNCONFIRMED_MS = 1500;
const ASK_AGAIN_MS = 200;
const STRAYS_EVERY_BEATS = 5;
/** There may be strays for so long after a claim that was not answered, ms: then a search goes on at every beat. */
const HURRY_MS = 60_000;

/** What a heartbeat needs of the worker. */
type HeartbeatDeps = Pick<
  WorkerDeps,
  'config' | 'log' | 'emit' | 'pulse' | 'queue' | 'identity' | 'attempts'
>;

export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  readonly #intervalMs: number;
  #stopping = false;
  #healthy = false;
  #beats = 0;
  /** Where the search for strays goes on. */
  #strayPlace: DuePlace | null = null;
  #lastBeatAt = performance.now();
  /** Since when beats have come without a gap; null while they do not. */
  #steadySince: number | null = null;
  #asking: Promise<boolean> | undefined;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<boolean> = Promise.resolve(true);
  #format = OLDEST_FORMAT;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
    this.#intervalMs = Math.min(MAX_INTERVAL_MS, deps.config.leaseMs / 5);
  }

  /** One beat now, after the one under way. Answers whether Postgres took it. */
  async tick(): Promise<boolean> {
    const once = (): Promise<boolean> => this.#once();
    this.#ticking = this.#ticking.then(once, once);
    return this.#ticking;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      void this.tick().finally(() => {
        if (this.#timer !== undefined) this.start();
      });
    }, this.#intervalMs);
  }

  /**
   * Resolves when Postgres has confirmed the leases a moment ago; attempts that have lost theirs are interrupted
   * by then. While Postgres is away it waits, until `signal` aborts.
   */
  async confirmed(signal: AbortSignal): Promise<void> {
    const maxAgeMs = Math.min(MAX_UNCONFIRMED_MS, this.#deps.config.leaseMs / 2);
    while (performance.now() - this.#lastBeatAt > maxAgeMs && !signal.aborted) {
      this.#asking ??= this.tick().finally(() => {
        this.#asking = undefined;
      });
      if (!(await this.#asking)) await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => {});
    }
  }

  /**
   * How long beats have come without a gap, ms. Who could not reach Postgres cannot tell the dead from those who
   * could not either.
   */
  steadyMs(): number {
    return this.#steadySince === null ? 0 : performance.now() - this.#steadySince;
  }

  /** The newest format that every live worker reads: progress is written in it. */
  format(): number {
    return this.#format;
  }

  /** Whether Postgres took the last beat. */
  healthy(): boolean {
    return this.#healthy;
  }

  /** From now on beats say that this worker takes no more jobs. */
  markStopping(): void {
    this.#stopping = true;
  }

  /** Ends the beats and removes the worker's row. */
  async stop(): Promise<void> {
    const { config, pulse: sql, identity } = this.#deps;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopped = true;
    await this.#ticking.catch(() => {});
    await bounded(yieldLead(sql, identity.id), config.databaseTimeoutMs).catch(() => {});
    await bounded(removeWorker(sql, identity.id), config.databaseTimeoutMs).catch(() => {});
  }

  async #once(): Promise<boolean> {
    // The row is gone or going: a beat would bring it back.
    if (this.#stopped) return false;
    const sentAt = performance.now();
    try {
      await this.#beat();
      const isGap = sentAt - this.#lastBeatAt > this.#deps.config.leaseMs / 2;
      if (isGap || this.#steadySince === null) this.#steadySince = performance.now();
      this.#lastBeatAt = sentAt;
      this.#healthy = true;
      this.#beats += 1;
      if (this.#beats % STRAYS_EVERY_BEATS === 0 || this.#isHurried()) await this.#findStrays();
    } catch (error) {
      this.#healthy = false;
      this.#steadySince = null;
      this.#deps.log.warn({ err: error }, 'the heartbeat failed');
    }
    return this.#healthy;
  }

  async #beat(): Promise<void> {
    const { config, pulse: sql, identity, attempts } = this.#deps;
    const state = { held: attempts.leases(), stopping: this.#stopping, leaseMs: config.leaseMs };
    const answers = await bounded(beat(sql, identity, state), config.databaseTimeoutMs);
    for (const answer of answers) {
      if (answer.kind === 'format') {
        this.#format = Math.min(config.maxFormat, answer.format ?? config.maxFormat);
        continue;
      }
      // A newer attempt at the same run may have begun since the beat was sent.
      const attempt = attempts.get(answer.run_id);
      if (attempt?.lease === answer.lease) attempt.interrupt(answer.kind);
    }
  }

  /** Beside a long queue one look does not see every run. */
  #isHurried(): boolean {
    const { attempts } = this.#deps;
    return this.#strayPlace !== null && (attempts.unclaimedMs() < HURRY_MS || attempts.broken.size > 0);
  }

  async #findStrays(): Promise<void> {
    const { config, pulse: sql, identity, attempts } = this.#deps;
    const held = attempts.all().map(({ runId }) => runId);
    // Runs that are claimed after this look and before the statement arrives are no strays.
    const minAgeMs = config.databaseTimeoutMs + 1000;
    const mine = { workerId: identity.id, heldRunIds: held, minAgeMs };
    const [look] = await bounded(lookForStrays(sql, this.#strayPlace, mine), config.databaseTimeoutMs);
    this.#strayPlace = look?.place ?? null;
    if (look === undefined || look.run_ids.length === 0) return;
    const strays = await bounded(
      requeueStrays(sql, { ...mine, brokenRunIds: [...attempts.broken], runIds: look.run_ids }),
      config.databaseTimeoutMs,
    );
    for (const { id } of strays) attempts.broken.delete(id);
    await requeue(this.#deps, strays, 'stray');
  }
}
