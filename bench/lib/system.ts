/** A system under test: API processes and workers over one database and one queue. */
import type { Redis } from 'ioredis';
import type postgres from 'postgres';
import type { Service } from '../../scripts/stack/service.ts';
import type { Target } from './load/connection.ts';

/** A workflow of the benchmark: three `set` tasks, or three recorded calls of a local service. */
export type Job = 'sets' | 'calls';

export interface System {
  name: 'baseline' | 'vespid';
  databaseUrl: string;
  sql: postgres.Sql;
  /** The table of runs: `id`, `status`, `created_at`, `started_at`, `finished_at`. */
  table: string;
  /** What the names of the queue's keys begin with. */
  queuePrefix: string;
  apis: Service[];
  workers: Service[];
  /** Where each API takes runs of that job. */
  targets(job: Job): Target[];
  /** Starts one more, and waits until it is ready. */
  startApi(): Promise<void>;
  startWorker(): Promise<void>;
  /** Stops the API that was started last. */
  stopApi(): Promise<void>;
  stopWorkers(): Promise<void>;
  /** How a process of its API is started for that route alone, with its environment; `port` is free. */
  coldStart(port: number): { args: string[]; env: NodeJS.ProcessEnv };
}

const LOOK_MS = 100;

/** Jobs that have not ended, whatever they wait for. */
async function jobs(redis: Redis, prefix: string): Promise<number> {
  const answers = await redis
    .pipeline()
    .llen(`${prefix}wait`)
    .llen(`${prefix}active`)
    .zcard(`${prefix}prioritized`)
    .zcard(`${prefix}delayed`)
    .exec();
  return (answers ?? []).reduce((total, [, count]) => total + Number(count), 0);
}

/** Whether a run of the table is open. */
async function isAnyOpen({ sql, table }: System): Promise<boolean> {
  const [row] = await sql<{ open: boolean }[]>`
    SELECT EXISTS (SELECT FROM ${sql(table)} WHERE status IN ('queued', 'running', 'waiting')) AS open`;
  return row?.open === true;
}

/**
 * Waits until the queue is empty and every run is finished, asking Redis gently and Postgres only at the end.
 * @throws {Error} after `timeoutMs`
 */
export async function waitDrained(system: System, redis: Redis, timeoutMs = 120_000): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while ((await jobs(redis, system.queuePrefix)) > 0 || (await isAnyOpen(system))) {
    if (Date.now() > deadlineMs) throw new Error(`${system.name} did not finish its runs in ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

export interface Ended {
  count: number;
  succeeded: number;
  /** ms since 1970. */
  lastFinishedMs: number;
}

/** What became of the runs created since `sinceMs`; read once, after the measuring. */
export async function readEnded({ sql, table }: System, sinceMs: number): Promise<Ended> {
  const [row] = await sql<{ count: number; succeeded: number; last: number }[]>`
    SELECT count(*)::int AS count, (count(*) FILTER (WHERE status = 'succeeded'))::int AS succeeded,
      (EXTRACT(EPOCH FROM max(finished_at)) * 1000)::float8 AS last
    FROM ${sql(table)} WHERE created_at >= to_timestamp(${sinceMs / 1000})`;
  return { count: row?.count ?? 0, succeeded: row?.succeeded ?? 0, lastFinishedMs: row?.last ?? Number.NaN };
}

/** How long the last `count` finishes took, of the runs created since `sinceMs`, ms. */
export async function lastFinishesMs(
  { sql, table }: System,
  sinceMs: number,
  count: number,
): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    SELECT (EXTRACT(EPOCH FROM max(finished_at) - min(finished_at)) * 1000)::float8 AS ms
    FROM (SELECT finished_at FROM ${sql(table)} WHERE created_at >= to_timestamp(${sinceMs / 1000})
      ORDER BY finished_at DESC LIMIT ${count}) AS last`;
  return row?.ms ?? Number.NaN;
}
