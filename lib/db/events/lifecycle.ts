/** Timeline rows that are to become lifecycle events (noted by lib/db/runs/lifecycle.ts). */
import type { Json } from '../../engine/types.ts';
import type { Sql } from '../client.ts';

/** Names a noted timeline row. */
export interface NotedRow {
  run_id: string;
  first: number;
  /** As Postgres writes it. */
  created_at: string;
}

export interface NotedTimeline extends NotedRow {
  org_id: string;
  /** The row's entries; null when the run or its timeline has expired meanwhile. */
  entries: ({ type: string; at: string } & { [member: string]: Json })[] | null;
  namespace: string;
  name: string;
  version: string;
}

/**
 * Noted rows with their timelines, the oldest first, until their text has `maxBytes`: at least one, if there is any.
 * `OFFSET 0`: the definition is parsed once a row, not once a column.
 * @param limit rows at most
 */
export const findNoted = (sql: Sql, { limit, maxBytes }: { limit: number; maxBytes: number }) => sql<
  NotedTimeline[]
>`
  WITH page AS (
    SELECT run_id, org_id, first, created_at FROM lifecycle_outbox
    ORDER BY created_at, run_id, first LIMIT ${limit}
  ), measured AS (
    SELECT p.*, t.entries, COALESCE(sum(octet_length(t.entries::text)) OVER (
      ORDER BY p.created_at, p.run_id, p.first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
    FROM page p LEFT JOIN workflow_run_events t
      ON t.run_id = p.run_id AND t.first = p.first AND t.created_at = p.created_at AND t.org_id = p.org_id
  )
  SELECT m.run_id, m.org_id, m.first, m.created_at, CASE WHEN d.document IS NULL THEN NULL ELSE m.entries END AS entries,
    COALESCE(d.document ->> 'namespace', '') AS namespace, COALESCE(d.document ->> 'name', '') AS name,
    COALESCE(d.document ->> 'version', '') AS version
  FROM measured m LEFT JOIN LATERAL (
    SELECT v.definition -> 'document' AS document
    FROM workflow_runs r JOIN workflow_versions v
      ON v.org_id = r.org_id AND v.workflow_id = r.workflow_id AND v.version = r.version
    WHERE r.id = m.run_id AND r.org_id = m.org_id OFFSET 0
  ) d ON true
  WHERE m.before < ${maxBytes}
  ORDER BY m.created_at, m.run_id, m.first`;

/** Their events are stored. */
export const removeNoted = (sql: Sql, rows: readonly NotedRow[]) => sql`
  DELETE FROM lifecycle_outbox o
  USING unnest(
    ${rows.map((row) => row.run_id)}::uuid[],
    ${rows.map((row) => row.first)}::int[],
    ${rows.map((row) => row.created_at)}::timestamptz[]
  ) AS n(run_id, first, created_at)
  WHERE o.created_at = n.created_at AND o.run_id = n.run_id AND o.first = n.first`;
