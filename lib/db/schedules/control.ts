/** Schedules as callers list, pause and resume them. */
import { isUuid } from '../../http/uuid.ts';
import type { Sql } from '../client.ts';
import type { NewListener } from '../events/listeners.ts';
import { bounded, type Database } from '../failure.ts';
import { listenWith } from './follow.ts';
import { scheduleColumns, type ScheduleRow } from './row.ts';

/** The org's schedules, newest first: at most `limit` with an id before `before`. */
export function listSchedules(
  { sql, config }: Database,
  orgId: string,
  { limit, before }: { limit: number; before: string | null },
): Promise<ScheduleRow[]> {
  const query = sql<ScheduleRow[]>`
    SELECT ${scheduleColumns(sql)} FROM schedules s
    WHERE s.org_id = ${orgId} ${before === null ? sql`` : sql`AND s.id < ${before}::uuid`}
    ORDER BY s.id DESC LIMIT ${limit}`;
  return bounded(query, config.databaseTimeoutMs);
}

/** A schedule, and what time it is. */
export type ScheduleAtTime = ScheduleRow & { now_ms: number };

const findQuery = (sql: Sql, orgId: string, id: string) => sql<ScheduleAtTime[]>`
  SELECT ${scheduleColumns(sql)}, (EXTRACT(EPOCH FROM now()) * 1000)::float8 AS now_ms
  FROM schedules s WHERE s.org_id = ${orgId} AND s.id = ${id}`;

/** The schedule; null when the org has none of that id. */
export async function findSchedule(
  { sql, config }: Database,
  orgId: string,
  id: string,
): Promise<ScheduleAtTime | null> {
  if (!isUuid(id)) return null;
  const [row] = await bounded(findQuery(sql, orgId, id), config.databaseTimeoutMs);
  return row ?? null;
}

/** Pauses a schedule: it has no next fire time and hears of no events; again changes nothing. null: there is none such. */
export async function pauseSchedule(
  { sql, config }: Database,
  orgId: string,
  id: string,
): Promise<ScheduleRow | null> {
  if (!isUuid(id)) return null;
  const query = sql<ScheduleRow[]>`
    WITH s AS (
      UPDATE schedules SET paused_at = COALESCE(paused_at, now()), next_fire_at = NULL
      WHERE org_id = ${orgId} AND id = ${id} RETURNING *
    ), unheard AS (DELETE FROM event_listeners l USING s WHERE l.owner_id = s.id)
    SELECT ${scheduleColumns(sql)} FROM s`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return row ?? null;
}

/**
 * Resumes a schedule that is paused and whose fire times have begun to count when `row` says.
 * @param next RFC 3339; null for one that waits for a run or for events
 * @returns null when it has changed meanwhile
 */
export async function resumeSchedule(
  { sql, config }: Database,
  row: ScheduleRow,
  { next, listeners }: { next: string | null; listeners: readonly NewListener[] },
): Promise<ScheduleRow | null> {
  const query = sql<ScheduleRow[]>`
    WITH s AS (
      UPDATE schedules SET paused_at = NULL, next_fire_at = ${next}::timestamptz
      WHERE org_id = ${row.org_id} AND id = ${row.id} AND paused_at IS NOT NULL
        AND updated_at = ${row.updated_at}::timestamptz
      RETURNING *
    ), listening AS (${listenWith(sql, listeners, sql`SELECT * FROM s`)})
    SELECT ${scheduleColumns(sql)} FROM s`;
  const [resumed] = await bounded(query, config.databaseTimeoutMs);
  return resumed ?? null;
}
