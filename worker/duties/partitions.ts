/** Makes the timeline's weekly partitions ahead of their time, and drops those whose rows have all expired. */
import { bounded } from '../../lib/db/failure.ts';
import {
  createPartition,
  dropIfEmpty,
  findPartitions,
  MAX_DEFAULT_BYTES,
  weekOfPartition,
  weeksFrom,
  type Partitions,
  type Week,
} from '../../lib/db/partitions.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Duty } from './duty.ts';

/** How often it is looked whether the hour is over; a lock that was not free is tried again then. */
const EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEKS_AHEAD = 2;

/** SQLSTATEs (PostgreSQL manual, appendix A). */
const LOCK_NOT_AVAILABLE = '55P03';
const CHECK_VIOLATION = '23514';
const INSUFFICIENT_PRIVILEGE = '42501';

type PartitionDeps = Pick<WorkerDeps, 'sql' | 'config' | 'log'>;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

class PartitionDuty implements Duty {
  readonly name = 'partitions';
  readonly everyMs = EVERY_MS;
  readonly who = 'leader';
  readonly #deps: PartitionDeps;
  #dueMs = 0;
  readonly #said = new Set<string>();

  constructor(deps: PartitionDeps) {
    this.#deps = deps;
  }

  async tick(): Promise<boolean> {
    if (performance.now() < this.#dueMs) return false;
    const { sql, config } = this.#deps;
    const [found] = await bounded(findPartitions(sql), config.databaseTimeoutMs);
    if (found === undefined) return false;
    const isDone = (await this.#create(found)) && (await this.#drop(found));
    if (isDone) this.#dueMs = performance.now() + HOUR_MS;
    return false;
  }

  /** @returns false: to be tried again soon */
  async #create({ names, default_bytes: defaultBytes, now_ms: nowMs }: Partitions): Promise<boolean> {
    const missing = weeksFrom(nowMs, WEEKS_AHEAD).filter(({ name }) => !names.includes(name));
    if (missing.length > 0 && defaultBytes > MAX_DEFAULT_BYTES) {
      this.#sayOnce('the default partition of the timeline is too large for new ones: see docs/retention.md');
      return true;
    }
    return this.#each(missing, (week) => createPartition(this.#deps.sql, week));
  }

  /** @returns false: to be tried again soon */
  #drop({ names, now_ms: nowMs }: Partitions): Promise<boolean> {
    const cutoffMs = nowMs - this.#deps.config.runRetentionDays * DAY_MS;
    const over = names
      .map(weekOfPartition)
      .filter((week) => week !== null)
      .filter(({ toMs }) => toMs <= cutoffMs);
    return this.#each(over, (week) => dropIfEmpty(this.#deps.sql, week));
  }

  async #each(weeks: readonly Week[], change: (week: Week) => ReturnType<typeof createPartition>) {
    let isDone = true;
    for (const week of weeks) {
      try {
        await bounded(change(week), this.#deps.config.databaseTimeoutMs);
      } catch (error) {
        const code = codeOf(error);
        if (code === INSUFFICIENT_PRIVILEGE) {
          this.#sayOnce('the timeline gets no partitions: the role of DATABASE_URL may not create tables');
          return true;
        }
        if (code === LOCK_NOT_AVAILABLE) isDone = false;
        // The rows of that week are in the default partition, and stay there.
        else if (code !== CHECK_VIOLATION) throw error;
      }
    }
    return isDone;
  }

  #sayOnce(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#deps.log.warn({ duty: this.name }, message);
  }
}

export const createPartitionDuty = (deps: PartitionDeps): Duty => new PartitionDuty(deps);
