/** What was collected for listeners of runs. */
import type { PendingQuery, Row } from 'postgres';
import type { CloudEvent } from '../../engine/types.ts';
import type { Sql } from '../client.ts';

/** A part of a statement. */
type Fragment = PendingQuery<Row[]>;

/** A listener of a run. */
export interface ListenerName {
  ownerId: string;
  key: string;
}

/**
 * Collects an event for listeners that are still there; again changes nothing. The listeners are locked before the
 * numbers are drawn, so that of two dispatchers none commits a lower number after a reader has seen a higher one.
 */
export const insertInbox = (sql: Sql, eventId: string, listeners: readonly ListenerName[]) => sql`
  WITH held AS MATERIALIZED (
    SELECT l.owner_id, l.key
    FROM unnest(
      ${listeners.map(({ ownerId }) => ownerId)}::uuid[], ${listeners.map(({ key }) => key)}::text[]
    ) AS n (owner_id, key) JOIN event_listeners l ON l.owner_id = n.owner_id AND l.key = n.key
    ORDER BY l.owner_id, l.key, l.filter
    FOR NO KEY UPDATE OF l
  )
  INSERT INTO event_inbox (owner_id, key, event_id)
  SELECT DISTINCT owner_id, key, ${eventId}::uuid FROM held
  ON CONFLICT DO NOTHING`;

export interface InboxRow {
  seq: number;
  envelope: CloudEvent;
}

/**
 * What was collected beyond `afterSeq`, in order: at most `limit` events, and of their text at most `maxBytes`, but one
 * event in any case. Goes from one event to the next: beyond the last one, no text is looked at.
 */
export const readInbox = (
  sql: Sql,
  { ownerId, key }: ListenerName,
  { afterSeq, limit, maxBytes }: { afterSeq: number; limit: number; maxBytes: number },
) => {
  const next = (after: Fragment) => sql`
    SELECT i.seq, e.envelope, octet_length(e.envelope::text)::float8 AS bytes FROM (
      SELECT seq, event_id FROM event_inbox
      WHERE owner_id = ${ownerId} AND key = ${key} AND seq > ${after}
      ORDER BY seq LIMIT 1
    ) i JOIN events e ON e.id = i.event_id`;
  return sql<InboxRow[]>`
    WITH RECURSIVE c AS (
      SELECT n.*, 1 AS position FROM (${next(sql`${afterSeq}`)}) n
      UNION ALL
      SELECT n.seq, n.envelope, c.bytes + n.bytes, c.position + 1
      FROM c CROSS JOIN LATERAL (${next(sql`c.seq`)}) n
      WHERE c.bytes < ${maxBytes} AND c.position < ${limit}
    )
    SELECT seq::float8 AS seq, envelope FROM c WHERE position = 1 OR bytes <= ${maxBytes} ORDER BY position`;
};

export const deleteInbox = (sql: Sql, { ownerId, key }: ListenerName) => sql`
  DELETE FROM event_inbox WHERE owner_id = ${ownerId} AND key = ${key}`;
