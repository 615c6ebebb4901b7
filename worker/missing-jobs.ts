/**
 * The search for queued and waiting runs that have no job, in bounded pages by age; it keeps its place between
 * calls. When Redis has lost its data (no epoch key, or a new process) every such run is looked at, also young
 * ones and those not yet due.
 */
import { bounded } from '../lib/db/failure.ts';
import { pageOfWaitingRuns, type DuePlace } from '../lib/db/runs/reconcile.ts';
import { keys } from '../lib/queue/connection.ts';
import { withoutJob } from '../lib/queue/missing.ts';
import type { WorkerDeps } from './deps.ts';
import { requeue } from './requeue.ts';

/** A queued row younger than this may still be in the hands of the API. */
const GRACE_MS = 30_000;
const PAGE_ROWS = 500;
const PAGES_PER_CALL = 4;

export interface MissingJobsPass {
  /** A few pages more. @throws when Redis or Postgres is away: the place is kept */
  advance(): Promise<void>;
}

class Pass implements MissingJobsPass {
  readonly #deps: WorkerDeps;
  readonly #names: ReturnType<typeof keys>;
  #after: DuePlace | null = null;
  /** The epoch that a full pass under way will confirm; null during an ordinary pass. */
  #epoch: string | null = null;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#names = keys(deps.config.queueName);
  }

  async advance(): Promise<void> {
    await this.#watchEpoch();
    for (let n = 0; n < PAGES_PER_CALL; n += 1) {
      const isOver = await this.#page();
      if (isOver) return;
    }
  }

  async #watchEpoch(): Promise<void> {
    const { redis } = this.#deps.queue;
    const [known, info] = await Promise.all([redis.get(this.#names.epoch), redis.info('server')]);
    const epoch = /^run_id:(\w+)/m.exec(info)?.[1] ?? 'unknown';
    if (known === epoch || this.#epoch === epoch) return;
    // A mark that goes when the data goes again: then the pass is not confirmed.
    await redis.set(this.#names.epoch, 'searching');
    this.#epoch = epoch;
    this.#after = null;
    this.#deps.log.info({ epoch }, 'the queue is new or has lost its data: every waiting run is looked at');
  }

  /** True when the pass is over. */
  async #page(): Promise<boolean> {
    const { config, pulse: sql, queue } = this.#deps;
    const graceMs = this.#epoch === null ? GRACE_MS : null;
    const rows = await bounded(
      pageOfWaitingRuns(sql, { after: this.#after, graceMs, limit: PAGE_ROWS }),
      config.databaseTimeoutMs,
    );
    const added = await requeue(
      this.#deps,
      await withoutJob(queue.redis, config.queueName, rows),
      'job_missing',
    );
    if (!added) throw new Error('the queue did not take the jobs');
    const last = rows.at(-1);
    if (last !== undefined && rows.length === PAGE_ROWS) {
      this.#after = { dueAt: last.due_at, id: last.id };
      return false;
    }
    // Only over the mark: what was lost during this pass is looked for by the next.
    if (this.#epoch !== null) await queue.redis.set(this.#names.epoch, this.#epoch, 'XX');
    this.#epoch = null;
    this.#after = null;
    return true;
  }
}

export const createMissingJobsPass = (deps: WorkerDeps): MissingJobsPass => new Pass(deps);
