/** The timeline: rows of entry arrays, numbered from 1 (0 is the creation, which has no row). */
import type { Sql } from '../client.ts';

/** Says that a run that was to be suspended is, now that nobody works on it. @param at RFC 3339 */
export const suspendedEntry = (at: string): string => JSON.stringify({ type: 'run_suspended', at });

/**
 * An array of entries, with one more if the run of the CTE `u` has come to be suspended.
 * @param entriesText JSON of the array
 * @param count of its entries
 */
export const entriesOrSuspended = (sql: Sql, entriesText: string, count: number, suspended: string) => sql`
  (SELECT CASE WHEN u.status = 'suspended'
      THEN left(n.text, -1) || ${`${count > 0 ? ',' : ''}${suspended}]`}::text ELSE n.text END::json
    FROM (SELECT ${entriesText}::text AS text) n)`;

export interface TimelineRow {
  first: number;
  entries: Record<string, unknown>[];
}

/** Rows that hold an entry with a number above `after`, in order; at most `limit` rows. */
export const readTimeline = (sql: Sql, orgId: string, runId: string, after: number, limit: number) => sql<
  TimelineRow[]
>`
  SELECT first, entries FROM workflow_run_events
  WHERE run_id = ${runId} AND org_id = ${orgId} AND first + json_array_length(entries) > ${after + 1}
  ORDER BY first
  LIMIT ${limit}`;
