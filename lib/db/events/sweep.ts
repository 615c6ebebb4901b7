/** What ended runs and schedules have left behind: looked for page by page, all round the tables. */
import type { Sql } from '../client.ts';

/** A position in the listeners, or in what was collected for them. */
export interface SweepPosition {
  owner_id: string;
  key: string;
  /** Of the listeners the filter, of the inbox the event. */
  item: string;
}

/**
 * Looks at one page of listeners and removes those whose run has ended or is gone, or whose schedule is gone.
 * @returns where the page ended; no row: there is nothing beyond `after`
 */
export const sweepListeners = (sql: Sql, after: SweepPosition | null, limit: number) => sql<SweepPosition[]>`
  WITH page AS (
    SELECT owner_id, owner, key, filter FROM event_listeners
    ${after === null ? sql`` : sql`WHERE (owner_id, key, filter) > (${after.owner_id}::uuid, ${after.key}, ${after.item}::int)`}
    ORDER BY owner_id, key, filter LIMIT ${limit}
  ), gone AS (
    DELETE FROM event_listeners l USING page p
    WHERE l.owner_id = p.owner_id AND l.key = p.key AND l.filter = p.filter
      AND (p.owner <> 'run' OR NOT EXISTS (
        SELECT FROM workflow_runs r
        WHERE r.id = p.owner_id AND r.status IN ('queued', 'running', 'waiting', 'suspended')))
      AND (p.owner <> 'schedule' OR NOT EXISTS (SELECT FROM schedules s WHERE s.id = p.owner_id))
  )
  SELECT owner_id, key, filter::text AS item FROM page ORDER BY owner_id DESC, key DESC, filter DESC LIMIT 1`;

/** The same for what was collected: removes what has no listener any more, and belongs to no schedule. */
export const sweepInbox = (sql: Sql, after: SweepPosition | null, limit: number) => sql<SweepPosition[]>`
  WITH page AS (
    SELECT owner_id, key, event_id FROM event_inbox
    ${after === null ? sql`` : sql`WHERE (owner_id, key, event_id) > (${after.owner_id}::uuid, ${after.key}, ${after.item}::uuid)`}
    ORDER BY owner_id, key, event_id LIMIT ${limit}
  ), gone AS (
    DELETE FROM event_inbox i USING page p
    WHERE i.owner_id = p.owner_id AND i.key = p.key AND i.event_id = p.event_id
      AND NOT EXISTS (SELECT FROM event_listeners l WHERE l.owner_id = p.owner_id AND l.key = p.key)
      AND NOT EXISTS (SELECT FROM schedules s WHERE s.id = p.owner_id)
  )
  SELECT owner_id, key, event_id::text AS item FROM page ORDER BY owner_id DESC, key DESC, event_id DESC LIMIT 1`;
