/** Events that are collected for schedules with `on`, in the inbox. */
import type { CloudEvent } from '../../engine/types.ts';
import type { Sql } from '../client.ts';
import { scheduleColumns, type ScheduleRow } from './row.ts';

/** A schedule that waits for events; not one that is paused, or whose workflow is archived. */
export const findListening = (sql: Sql, scheduleId: string) => sql<ScheduleRow[]>`
  SELECT ${scheduleColumns(sql)} FROM schedules s
  JOIN workflows w ON w.org_id = s.org_id AND w.id = s.workflow_id
  WHERE s.id = ${scheduleId} AND s.kind = 'on' AND s.paused_at IS NULL AND w.archived_at IS NULL`;

/** Collects an event, once, whatever its key; not beyond `maxEvents` of the schedule. */
export const collectEvent = (
  sql: Sql,
  row: ScheduleRow,
  { key, eventId, maxEvents }: { key: string; eventId: string; maxEvents: number },
) => sql`
  WITH held AS MATERIALIZED (
    SELECT id FROM schedules
    WHERE id = ${row.id} AND paused_at IS NULL AND updated_at = ${row.updated_at}::timestamptz
    FOR NO KEY UPDATE
  )
  INSERT INTO event_inbox (owner_id, key, event_id)
  SELECT held.id, ${key}, ${eventId}::uuid FROM held
  WHERE NOT EXISTS (SELECT FROM event_inbox i WHERE i.event_id = ${eventId} AND i.owner_id = held.id)
    AND (SELECT count(*) FROM event_inbox i WHERE i.owner_id = held.id) < ${maxEvents}
  ON CONFLICT DO NOTHING`;

/** What to read of what was collected. */
export interface CollectedQuery {
  /** What the keys begin with. */
  prefix: string;
  limit: number;
  /** Under one key: the first ones; null: all. */
  limitPerKey: number | null;
}

/** What was collected, in the order in which it came. */
export const findCollected = (
  sql: Sql,
  row: ScheduleRow,
  { prefix, limit, limitPerKey }: CollectedQuery,
) => sql<{ key: string; event_id: string }[]>`
  SELECT key, event_id FROM (
    SELECT key, event_id, seq, row_number() OVER (PARTITION BY key ORDER BY seq) AS of_key FROM event_inbox
    WHERE owner_id = ${row.id} AND starts_with(key, ${prefix})
  ) c
  WHERE ${limitPerKey}::int IS NULL OR of_key <= ${limitPerKey}
  ORDER BY seq LIMIT ${limit}`;

/** Events of the org by id. */
export const findEnvelopes = (sql: Sql, orgId: string, eventIds: readonly string[]) => sql<
  { id: string; envelope: CloudEvent }[]
>`
  SELECT id, envelope FROM events WHERE org_id = ${orgId} AND id = ANY(${[...eventIds]}::uuid[])`;
