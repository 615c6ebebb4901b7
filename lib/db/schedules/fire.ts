/** What starts the runs of schedules: which are due, and the one statement that advances a schedule and inserts its run. */
import type { Sql } from '../client.ts';
import { isActive } from '../runs/open.ts';
import type { RequeueRow } from '../runs/reconcile.ts';
import { scheduleColumns, type ScheduleRow } from './row.ts';

export type DueSchedule = ScheduleRow & {
  next_ms: number;
  activated_ms: number;
  now_ms: number;
  archived: boolean;
};

const msOf = (sql: Sql, time: ReturnType<Sql>) => sql`(EXTRACT(EPOCH FROM ${time}) * 1000)::float8`;

/** Schedules whose next fire time lies before the end of the next `aheadMs`, in the order of their times. */
export const findDueSchedules = (sql: Sql, aheadMs: number, limit: number) => sql<DueSchedule[]>`
  SELECT ${scheduleColumns(sql)}, ${msOf(sql, sql`s.next_fire_at`)} AS next_ms,
    ${msOf(sql, sql`s.updated_at`)} AS activated_ms, ${msOf(sql, sql`clock_timestamp()`)} AS now_ms,
    w.archived_at IS NOT NULL AS archived
  FROM schedules s JOIN workflows w ON w.org_id = s.org_id AND w.id = s.workflow_id
  WHERE s.next_fire_at <= now() + ${aheadMs} * interval '1 millisecond'
  ORDER BY s.next_fire_at, s.id LIMIT ${limit}`;

/** The lives of the workers whose rows stand, for `upSinceMs`. The one that asks is up, whatever its heartbeats say. */
export const findWorkerLives = (sql: Sql, workerId: string) => sql<
  { startedAtMs: number; heartbeatAtMs: number }[]
>`
  SELECT ${msOf(sql, sql`started_at`)} AS "startedAtMs",
    ${msOf(sql, sql`CASE WHEN id = ${workerId} THEN clock_timestamp() ELSE heartbeat_at END`)} AS "heartbeatAtMs"
  FROM workers`;

/** A schedule with `after` whose last run has ended. */
export type RestingSchedule = ScheduleRow & { finished_ms: number };

/** Schedules with `after` that have no next fire time although their last run has ended. */
export const findRestingSchedules = (sql: Sql, limit: number) => sql<RestingSchedule[]>`
  SELECT ${scheduleColumns(sql)}, ${msOf(sql, sql`COALESCE(r.finished_at, s.last_fire_at, s.updated_at)`)} AS finished_ms
  FROM schedules s LEFT JOIN workflow_runs r ON r.id = s.last_run_id
  WHERE s.kind = 'after' AND s.next_fire_at IS NULL AND s.paused_at IS NULL
    AND (r.id IS NULL OR r.status IN ('succeeded', 'failed', 'cancelled'))
  LIMIT ${limit}`;

/** Gives a schedule its next fire time, unless it has one, is paused, or has changed. */
export const setNextFire = (sql: Sql, row: ScheduleRow, next: string) => sql`
  UPDATE schedules SET next_fire_at = ${next}::timestamptz
  WHERE id = ${row.id} AND org_id = ${row.org_id} AND next_fire_at IS NULL AND paused_at IS NULL
    AND updated_at = ${row.updated_at}::timestamptz AND last_run_id IS NOT DISTINCT FROM ${row.last_run_id}::uuid`;

/** One fire of a schedule. */
export interface Fire {
  /** As it was read; `next_fire_at` is the time that is over, null for events. */
  row: ScheduleRow;
  runId: string;
  trigger: 'schedule' | 'event';
  /** Names what the run is for: at most one run for each. null: no run is to be made. */
  fireKey: string | null;
  /** Serialised JSON. */
  inputText: string;
  /** RFC 3339; null: now. */
  fireAt: string | null;
  /** RFC 3339; null: none. */
  next: string | null;
  skipped: number;
  maxAttempts: number;
  /** Events that are collected no longer. */
  usedEventIds: readonly string[];
}

/** Of events that were collected and used: they stay known until they cannot be dispatched again. */
const USED_KEY = 'used';

/** All of the events, locked, as long as no other fire has used one of them. */
const holdEvents = (sql: Sql, { row, usedEventIds }: Fire) => sql`held AS MATERIALIZED (
    SELECT i.event_id FROM standing JOIN event_inbox i ON i.owner_id = standing.id
    WHERE i.owner_id = ${row.id} AND i.key <> ${USED_KEY} AND i.event_id = ANY(${[...usedEventIds]}::uuid[])
    ORDER BY i.event_id FOR UPDATE OF i
  ), due AS (SELECT * FROM standing WHERE (SELECT count(*) FROM held) = ${usedEventIds.length})`;

const useEvents = (sql: Sql, { row }: Fire) => sql`, used AS (
    UPDATE event_inbox i SET key = ${USED_KEY} FROM due CROSS JOIN held
    WHERE i.owner_id = ${row.id} AND i.key <> ${USED_KEY} AND i.event_id = held.event_id
  ), forgotten AS (
    DELETE FROM event_inbox i USING due
    WHERE i.owner_id = ${row.id} AND i.key = ${USED_KEY} AND NOT EXISTS (
      SELECT FROM events e WHERE e.id = i.event_id AND e.dispatched_at IS NULL)
  )`;

/** It stands as it was read. */
const stands = (sql: Sql, { row }: Fire) => sql`s.id = ${row.id} AND s.org_id = ${row.org_id}
  AND s.paused_at IS NULL AND s.updated_at = ${row.updated_at}::timestamptz
  AND s.next_fire_at IS NOT DISTINCT FROM ${row.next_fire_at}::timestamptz`;

/** The run was made before. */
const fired = (sql: Sql, { row, fireKey }: Fire) => sql`EXISTS (
    SELECT FROM workflow_runs f WHERE f.schedule_id = ${row.id} AND f.fire_key = ${fireKey})`;

/**
 * Whether the run is not to be made: the one before has not ended and overlap is `skip`, or the org has as many queued
 * runs as it may have, beside the one that is cancelled for it.
 */
const blocked = (sql: Sql) => sql`(
    s.overlap = 'skip' AND EXISTS (
      SELECT FROM workflow_runs p
      WHERE p.id = s.last_run_id AND p.status IN ('queued', 'running', 'waiting', 'suspended'))
  ) OR COALESCE((
    SELECT (SELECT count(*) FROM (
        SELECT FROM (
          SELECT id, org_id, status FROM workflow_runs WHERE ${isActive(sql)}
        ) q WHERE q.org_id = s.org_id AND q.status = 'queued'
          AND (s.overlap <> 'cancel' OR q.id IS DISTINCT FROM s.last_run_id) LIMIT o.max_runs_queued
      ) queued) >= o.max_runs_queued
    FROM org_limits o WHERE o.org_id = s.org_id AND o.max_runs_queued IS NOT NULL), false)`;

/**
 * Fires a schedule, once: it must stand as it was read, none of the events be used, and a run with that key not be
 * there. Advances it, and inserts the run of its version unless something keeps it from being made, which counts as
 * skipped. Two workers at it at once: one waits for the other's row and then finds it changed, or its events used.
 */
export const fireSchedule = (sql: Sql, fire: Fire) => sql<RequeueRow[]>`
  WITH standing AS (
    SELECT s.*, NOT ${fired(sql, fire)} AND (${blocked(sql)}) AS blocked FROM schedules s
    WHERE ${stands(sql, fire)} FOR UPDATE
  ), ${fire.usedEventIds.length === 0 ? sql`due AS (SELECT * FROM standing)` : holdEvents(sql, fire)}, r AS (
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, input, max_attempts, format,
      schedule_id, fire_key)
    SELECT ${fire.runId}::uuid, v.org_id, v.workflow_id, v.version, ${fire.trigger}, 'schedule:' || due.id,
      ${fire.inputText}::text::json, ${fire.maxAttempts}::int, v.format, due.id, ${fire.fireKey}
    FROM due JOIN workflow_versions v
      ON v.org_id = due.org_id AND v.workflow_id = due.workflow_id AND v.version = due.version
    JOIN workflows w ON w.org_id = v.org_id AND w.id = v.workflow_id
    WHERE w.archived_at IS NULL AND NOT due.blocked AND ${fire.fireKey !== null}
    ON CONFLICT (schedule_id, fire_key) WHERE schedule_id IS NOT NULL DO NOTHING
    RETURNING id, org_id, workflow_id, version, generation, format, priority, attempt_count
  ), u AS (
    UPDATE schedules s SET next_fire_at = ${fire.next}::timestamptz,
      last_fire_at = CASE WHEN r.id IS NULL THEN s.last_fire_at ELSE COALESCE(${fire.fireAt}::timestamptz, now()) END,
      last_run_id = COALESCE(r.id, s.last_run_id),
      skipped_count = s.skipped_count + ${fire.skipped} + (due.blocked AND ${fire.fireKey !== null})::int
    FROM due LEFT JOIN r ON true WHERE s.id = due.id
  )${fire.usedEventIds.length === 0 ? sql`` : useEvents(sql, fire)}
  SELECT *, 0::float8 AS delay_ms FROM r`;

/** Whether the fire would make a run now; a row if it would. */
export const findComing = (sql: Sql, fire: Fire) => sql<{ id: string }[]>`
  SELECT s.id FROM schedules s JOIN workflows w ON w.org_id = s.org_id AND w.id = s.workflow_id
  WHERE ${stands(sql, fire)} AND w.archived_at IS NULL AND NOT ${fired(sql, fire)} AND NOT (${blocked(sql)})`;
