/** The whole queue from the database: every run that is to have a job and has none gets one. Safe beside workers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { bounded, type Database } from '../db/failure.ts';
import { pageOfWaitingRuns, type DuePlace, type DueRow } from '../db/runs/reconcile.ts';
import { PREFIX } from './connection.ts';
import { withoutJob } from './missing.ts';
import type { Producer } from './producer.ts';

const PAGE_ROWS = 500;
/** Keys that one SCAN looks at. */
const PAGE_KEYS = 1000;
/** Of a page, while Postgres or Redis is away for a moment. */
const MAX_TRIES = 5;
const RETRY_MS = 1000;

export interface RebuildDeps extends Database {
  config: Database['config'] & { queueName: string; enqueueTimeoutMs: number };
  queue: Producer;
}

export interface Rebuilt {
  /** Runs that are queued or wait for more than a signal. */
  lookedAt: number;
  /** Of those: had no job and have one now. */
  added: number;
}

/** Adds the jobs that one page is without. */
async function addMissing({ config, queue }: RebuildDeps, rows: readonly DueRow[]): Promise<number> {
  const missing = await withoutJob(queue.redis, config.queueName, rows);
  const jobs = missing.map((row) => ({
    runId: row.id,
    orgId: row.org_id,
    generation: row.generation,
    priority: row.priority,
    delayMs: row.delay_ms,
    format: row.format,
  }));
  const result = await queue.enqueueMany(jobs, config.enqueueTimeoutMs);
  if (!result.ok) throw new Error(`the queue did not take ${jobs.length} jobs: ${result.reason}`);
  return jobs.length;
}

async function withTries<T>(action: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await action();
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Looks at every queued and waiting run, in pages, and adds the jobs that are not there.
 * @param onPage is told how far it is
 * @throws when Postgres or Redis stays away; it may be done again
 */
export async function rebuildQueue(deps: RebuildDeps, onPage: (sofar: Rebuilt) => void): Promise<Rebuilt> {
  const { sql, config } = deps;
  const done: Rebuilt = { lookedAt: 0, added: 0 };
  let after: DuePlace | null = null;
  for (;;) {
    const page = { after, graceMs: null, limit: PAGE_ROWS };
    const rows: DueRow[] = await withTries(() =>
      bounded(pageOfWaitingRuns(sql, page), config.databaseTimeoutMs),
    );
    done.added += await withTries(() => addMissing(deps, rows));
    done.lookedAt += rows.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return done;
    onPage({ ...done });
    after = { dueAt: last.due_at, id: last.id };
  }
}

/** A job, its lock, its log: what stands behind the queue's own part of a key. */
const JOB_KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+(:|$)/;

/**
 * Removes every key of the queue, in pages. What workers hold goes on: they ask the row, not the queue. The jobs go last:
 * of one that is added meanwhile the job may go, which is then missing and added again, but never its place alone, as a
 * job without a place would pass for one that is there.
 * @returns how many keys are gone
 */
export async function emptyQueue(redis: Redis, queueName: string): Promise<number> {
  const places = await removeKeys(redis, queueName, (name) => !JOB_KEY.test(name));
  return places + (await removeKeys(redis, queueName, (name) => JOB_KEY.test(name)));
}

async function removeKeys(redis: Redis, queueName: string, of: (name: string) => boolean): Promise<number> {
  // A queue's name has no `:`, so no other queue's keys begin so.
  const prefix = `${PREFIX}:${queueName}:`;
  let cursor = '0';
  let removed = 0;
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', PAGE_KEYS);
    const names = found.filter((key) => of(key.slice(prefix.length)));
    if (names.length > 0) removed += await redis.unlink(...names);
    cursor = next;
  } while (cursor !== '0');
  return removed;
}
