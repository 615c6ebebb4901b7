/** Says every second that this worker lives, and learns which of its leases are lost. */
import { bounded } from '../lib/db/failure.ts';
import { requeueStrays } from '../lib/db/runs/reconcile.ts';
import { beat, removeWorker, yieldLead } from '../lib/db/workers.ts';
import type { WorkerDeps } from './deps.ts';
import { requeue } from './requeue.ts';

/** A cancel must reach a running call well within 2 s (design, invariant 10). */
const MAX_INTERVAL_MS = 1000;
const STRAYS_EVERY_BEATS = 5;

export class Heartbeat {
  readonly #deps: WorkerDeps;
  readonly #intervalMs: number;
  #stopping = false;
  #healthy = false;
  #beats = 0;
  #lastBeatAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<boolean> = Promise.resolve(true);

  constructor(deps: WorkerDeps) {
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
    const { config, sql, identity } = this.#deps;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#ticking.catch(() => {});
    await bounded(yieldLead(sql, identity.id), config.databaseTimeoutMs).catch(() => {});
    await bounded(removeWorker(sql, identity.id), config.databaseTimeoutMs).catch(() => {});
  }

  async #once(): Promise<boolean> {
    const sentAt = performance.now();
    try {
      await this.#beat();
      this.#lastBeatAt = sentAt;
      this.#healthy = true;
      this.#beats += 1;
      if (this.#beats % STRAYS_EVERY_BEATS === 0) await this.#findStrays();
    } catch (error) {
      this.#healthy = false;
      this.#deps.log.warn({ err: error }, 'the heartbeat failed');
      this.#dropExpired();
    }
    return this.#healthy;
  }

  async #beat(): Promise<void> {
    const { config, sql, identity, attempts } = this.#deps;
    const lost = await bounded(
      beat(sql, identity, attempts.leases(), this.#stopping),
      config.databaseTimeoutMs,
    );
    for (const { run_id: runId, lease } of lost) {
      // A newer attempt at the same run may have begun since the beat was sent.
      const attempt = attempts.get(runId);
      if (attempt?.lease === lease) attempt.interrupt('lost');
    }
  }

  async #findStrays(): Promise<void> {
    const { config, sql, identity, attempts } = this.#deps;
    const held = attempts.all().map(({ runId }) => runId);
    const strays = await bounded(requeueStrays(sql, identity.id, held), config.databaseTimeoutMs);
    await requeue(this.#deps, strays, 'stray');
  }

  /** Without a beat for a whole lease others may have taken the runs: nothing may be started on them. */
  #dropExpired(): void {
    if (performance.now() - this.#lastBeatAt < this.#deps.config.leaseMs) return;
    for (const attempt of this.#deps.attempts.all()) attempt.interrupt('lost');
  }
}
