/** The reconciler's pages: bounded, oldest first. */
import { NEVER_MS } from '../../engine/unwind.ts';
import type { Sql } from '../client.ts';
import { followLifecycle } from './lifecycle.ts';
import { isActive, isResting } from './open.ts';
import { entriesOrSuspended, suspendedEntry } from './timeline.ts';

export interface RequeueRow {
  id: string;
  org_id: string;
  workflow_id: string;
  version: number;
  generation: number;
  /** A worker must read it to work on the run. */
  format: number;
  priority: number;
  attempt_count: number;
  delay_ms: number;
}

export type DueRow = RequeueRow & {
  /** Keyset of the page: when it is or was due. */
  due_at: string;
};

/** A place among the runs that have not ended, in the order of when they are or were due. */
export interface DuePlace {
  dueAt: string;
  id: string;
}

type Fragment = ReturnType<typeof isActive>;

const dueAt = (sql: Sql): Fragment => sql`COALESCE(next_attempt_at, created_at)`;

const after = (sql: Sql, at: Fragment, place: DuePlace | null) =>
  place === null ? sql`` : sql`AND (${at}, id) > (${place.dueAt}::timestamptz, ${place.id}::uuid)`;

/** The first rows beyond the place that ought to have a job, of those that an index on `at` and `id` holds. */
const waitingRuns = (
  sql: Sql,
  { held, at }: { held: Fragment; at: Fragment },
  page: { after: DuePlace | null; graceMs: number | null; limit: number },
) => sql`(
  SELECT id, org_id, workflow_id, version, generation, format, priority, attempt_count, next_attempt_at, ${at} AS at
  FROM workflow_runs
  WHERE status IN ('queued', 'waiting') AND ${held}
    ${
      page.graceMs === null
        ? sql`AND NOT (status = 'waiting' AND next_attempt_at >= to_timestamp(${NEVER_MS / 1000}::float8))`
        : sql`AND (lease > 0 OR created_at < now() - ${page.graceMs} * interval '1 millisecond')
              AND ${at} < now() - interval '5 seconds'`
    }
    ${after(sql, at, page.after)}
  ORDER BY ${at}, id
  LIMIT ${page.limit})`;

/**
 * Runs that ought to have a job, after a keyset position. `graceMs` leaves out what the API may still be
 * enqueuing (a run that was claimed once no longer is); null takes every run, also those not yet due (after Redis lost its
 * data), but for those that wait for a signal alone and so have no job.
 */
export const pageOfWaitingRuns = (
  sql: Sql,
  page: { after: DuePlace | null; graceMs: number | null; limit: number },
) => sql<DueRow[]>`
  SELECT id, org_id, workflow_id, version, generation, format, priority, attempt_count, at::text AS due_at,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
  FROM (
    ${waitingRuns(sql, { held: isActive(sql), at: dueAt(sql) }, page)}
    UNION ALL
    ${waitingRuns(sql, { held: isResting(sql), at: sql`next_attempt_at` }, page)}
  ) due
  ORDER BY at, id
  LIMIT ${page.limit}`;

/** Rows that one look at the runs which are running reads; those that are queued are among them. */
const LOOKED_ROWS = 20_000;

/**
 * Part of a statement: the CTE `looked`, the next LOOKED_ROWS queued and running runs beyond the place. No index holds the
 * running ones alone, as every claim would have to write it.
 */
const lookAtActive = (sql: Sql, place: DuePlace | null) => sql`looked AS MATERIALIZED (
    SELECT id, status, claimed_by, status_since, ${dueAt(sql)} AS at FROM workflow_runs
    WHERE ${isActive(sql)} ${after(sql, dueAt(sql), place)}
    ORDER BY ${dueAt(sql)}, id LIMIT ${LOOKED_ROWS}
  )`;

/** Where the next look begins; null: at the beginning. */
const placeOf = (sql: Sql) => sql`(
    SELECT CASE WHEN count(*) = ${LOOKED_ROWS} THEN (
      SELECT json_build_object('dueAt', at::text, 'id', id) FROM looked ORDER BY at DESC, id DESC LIMIT 1) END
    FROM looked) AS place`;

/** What one look at the running runs has found. */
export interface Look {
  run_ids: string[];
  place: DuePlace | null;
}

export interface DeadLook extends Look {
  /** A worker has died a short while ago: all its runs are to be found soon. */
  hurry: boolean;
}

/** Since a worker's lease ran out, ms: by then its runs have been found. */
const HURRY_MS = 30_000;

/** Looks for runs whose worker has not answered for a lease, from a place on. */
export const lookForDeadWorkers = (sql: Sql, place: DuePlace | null, leaseMs: number) => sql<DeadLook[]>`
  WITH ${lookAtActive(sql, place)}
  SELECT ${placeOf(sql)},
    COALESCE((SELECT json_agg(l.id) FROM looked l WHERE l.status = 'running' AND NOT EXISTS (
      SELECT 1 FROM workers w
      WHERE w.id = l.claimed_by AND w.heartbeat_at > now() - ${leaseMs} * interval '1 millisecond')), '[]') AS run_ids,
    EXISTS (SELECT 1 FROM workers WHERE heartbeat_at <= now() - ${leaseMs} * interval '1 millisecond'
      AND heartbeat_at > now() - ${leaseMs + HURRY_MS} * interval '1 millisecond') AS hurry`;

/**
 * Takes runs away from dead workers: back to the queue under a new generation. Their attempt is spent (the
 * next claim counts a try, or finds none left). The timeline says so.
 * @param options `runIds`: only these are looked at (`lookForDeadWorkers`); null: all
 */
export const requeueRunsOfDeadWorkers = (
  sql: Sql,
  options: { leaseMs: number; limit: number; entryText: string; runIds: readonly string[] | null },
) => sql<RequeueRow[]>`
  WITH lost AS (
    SELECT r.id FROM workflow_runs r
    WHERE r.status = 'running'
      AND ${options.runIds === null ? isActive(sql) : sql`r.id = ANY(${[...options.runIds]}::uuid[])`}
      AND NOT EXISTS (
        SELECT 1 FROM workers w
        WHERE w.id = r.claimed_by AND w.heartbeat_at > now() - ${options.leaseMs} * interval '1 millisecond')
    ORDER BY r.id LIMIT ${options.limit} FOR UPDATE SKIP LOCKED
  ), u AS (
    UPDATE workflow_runs r SET status = CASE WHEN r.suspending THEN 'suspended' ELSE 'queued' END, suspending = false,
      status_since = now(), claimed_by = NULL, resuming = false, next_attempt_at = NULL,
      lease = r.lease + 1, generation = r.generation + 1,
      suspended_generation = CASE WHEN r.suspending THEN r.generation + 1 END,
      timeline_count = r.timeline_count + CASE WHEN r.suspending THEN 2 ELSE 1 END
    FROM lost WHERE r.id = lost.id
    RETURNING r.id, r.org_id, r.workflow_id, r.version, r.generation, r.format, r.priority, r.attempt_count,
      r.timeline_count, r.status
  ), e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT u.id, u.org_id, u.timeline_count - CASE WHEN u.status = 'suspended' THEN 1 ELSE 0 END,
      ${entriesOrSuspended(sql, options.entryText, 1, suspendedEntry(new Date().toISOString()))}
    FROM u
    RETURNING run_id, org_id, first, created_at
  ), o AS (${followLifecycle(sql)})
  SELECT id, org_id, workflow_id, version, generation, format, priority, attempt_count, 0::float8 AS delay_ms
  FROM u WHERE status = 'queued'`;

/** Whether the claim of a stray counted a try of which nothing has begun: none was resumed, and none is announced. */
const isUndone = (sql: Sql, brokenRunIds: readonly string[]) => sql`(
  NOT r.resuming AND NOT (r.id = ANY(${[...brokenRunIds]}::uuid[])) AND NOT EXISTS (
    SELECT 1 FROM workflow_run_events e, json_array_elements(e.entries) entry
    WHERE e.run_id = r.id AND entry ->> 'type' = 'run_started' AND (entry ->> 'attempt')::int = r.attempt_count))`;

/** Looks for runs that the row says this worker holds although it does not know of them, from a place on. */
export const lookForStrays = (
  sql: Sql,
  place: DuePlace | null,
  options: { workerId: string; heldRunIds: readonly string[]; minAgeMs: number },
) => sql<Look[]>`
  WITH ${lookAtActive(sql, place)}
  SELECT ${placeOf(sql)}, COALESCE((SELECT json_agg(id) FROM looked
    WHERE status = 'running' AND claimed_by = ${options.workerId}
      AND NOT (id = ANY(${[...options.heldRunIds]}::uuid[]))
      AND status_since < now() - ${options.minAgeMs} * interval '1 millisecond'), '[]') AS run_ids`;

/**
 * Runs that the row says this worker holds although it does not know of them (the answer to a claim was lost):
 * back to the queue as they were before. No try is spent, as nothing of them ran, but for those that broke. `minAgeMs` is longer
 * than what lies between the look at the held runs and this statement: a claim in between is left alone.
 * @param options `runIds`: only these are looked at (`lookForStrays`); null: all
 */
export const requeueStrays = (
  sql: Sql,
  options: {
    workerId: string;
    heldRunIds: readonly string[];
    brokenRunIds: readonly string[];
    minAgeMs: number;
    runIds: readonly string[] | null;
  },
) => sql<RequeueRow[]>`
  WITH u AS (UPDATE workflow_runs r SET status = CASE WHEN suspending THEN 'suspended' ELSE 'queued' END,
    suspending = false, suspended_generation = CASE WHEN suspending THEN generation + 1 END, status_since = now(), claimed_by = NULL,
    attempt_count = attempt_count - CASE WHEN ${isUndone(sql, options.brokenRunIds)} THEN 1 ELSE 0 END,
    started_at = CASE WHEN attempt_count = 1 AND ${isUndone(sql, options.brokenRunIds)} THEN NULL ELSE started_at END,
    resuming = resuming AND NOT (id = ANY(${[...options.brokenRunIds]}::uuid[])),
    lease = lease + 1, generation = generation + 1
  WHERE status = 'running' AND claimed_by = ${options.workerId}
    AND ${options.runIds === null ? isActive(sql) : sql`id = ANY(${[...options.runIds]}::uuid[])`}
    AND NOT (id = ANY(${[...options.heldRunIds]}::uuid[]))
    AND status_since < now() - ${options.minAgeMs} * interval '1 millisecond'
  RETURNING id, org_id, workflow_id, version, generation, format, priority, attempt_count, status)
  SELECT id, org_id, workflow_id, version, generation, format, priority, attempt_count, 0::float8 AS delay_ms
  FROM u WHERE status = 'queued'`;
