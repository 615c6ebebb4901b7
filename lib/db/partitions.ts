/**
 * The weekly partitions of the timeline. They only make it cheap to drop what is old: a default partition takes what
 * has no other. Every statement that locks gives up soon, and is safe to repeat.
 */
import type { Sql } from './client.ts';

const TABLE = 'workflow_run_events';
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Who waits for a lock lets nobody pass that comes after. */
const LOCK_TIMEOUT_MS = 100;
/** To attach a partition, Postgres reads the default one under a lock: beyond this size it would take too long. */
export const MAX_DEFAULT_BYTES = 128 << 20;

/** A week of the timeline, from a Monday (UTC) to the next. */
export interface Week {
  /** Of its partition. */
  name: string;
  fromMs: number;
  toMs: number;
}

/** The week of a time, and the `ahead` weeks after it. */
export function weeksFrom(nowMs: number, ahead: number): Week[] {
  // 1970-01-05 was a Monday.
  const first = Math.floor((nowMs - 4 * DAY_MS) / WEEK_MS) * WEEK_MS + 4 * DAY_MS;
  return Array.from({ length: ahead + 1 }, (_, index) => weekOf(first + index * WEEK_MS));
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function weekOf(fromMs: number): Week {
  return { name: `${TABLE}_${dayOf(fromMs).replaceAll('-', '')}`, fromMs, toMs: fromMs + WEEK_MS };
}

/** The week that a partition is of; null for the default one, and for those that somebody else has made. */
export function weekOfPartition(name: string): Week | null {
  const [, year, month, day] = /^workflow_run_events_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
  const fromMs = Date.parse(`${year}-${month}-${day}T00:00:00Z`);
  return Number.isNaN(fromMs) ? null : weekOf(fromMs);
}

export interface Partitions {
  names: string[];
  /** Size of the default partition. */
  default_bytes: number;
  now_ms: number;
}

/** The partitions that are attached. */
export const findPartitions = (sql: Sql) => sql<Partitions[]>`
  SELECT COALESCE(json_agg(c.relname::text ORDER BY c.relname), '[]') AS names,
    COALESCE(sum(pg_relation_size(c.oid)) FILTER (WHERE c.relname = ${`${TABLE}_default`}), 0)::float8 AS default_bytes,
    (EXTRACT(EPOCH FROM now()) * 1000)::float8 AS now_ms
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = ${TABLE}::regclass`;

/** `body` is PL/pgSQL of names and dates that this file makes: a DO block takes no parameters. */
const withShortLocks = (sql: Sql, body: string) =>
  sql.unsafe(`DO $$ BEGIN
    PERFORM set_config('lock_timeout', '${LOCK_TIMEOUT_MS}ms', true);
    ${body}
  END $$`);

/**
 * Makes and attaches the partition of a week. Attaching locks the default partition and, unlike `CREATE … PARTITION OF`,
 * not the whole table.
 * @throws 55P03 when a lock is not free, 23514 when the default partition has rows of that week, 42501 without the right
 */
export const createPartition = (sql: Sql, { name, fromMs, toMs }: Week) =>
  withShortLocks(
    sql,
    `CREATE TABLE IF NOT EXISTS ${name} (LIKE ${TABLE} INCLUDING ALL);
    ALTER TABLE ${TABLE} ATTACH PARTITION ${name}
      FOR VALUES FROM ('${dayOf(fromMs)} 00:00:00+00') TO ('${dayOf(toMs)} 00:00:00+00');`,
  );

/**
 * Drops the partition of a week that is over, if it is empty.
 * @throws 55P03 when a lock is not free, 42501 without the right
 */
export const dropIfEmpty = (sql: Sql, { name }: Week) =>
  withShortLocks(
    sql,
    `IF NOT EXISTS (SELECT FROM ${name}) THEN
      DROP TABLE ${name};
    END IF;`,
  );
