/** The timeline: rows of entry arrays, numbered from 1 (0 is the creation, which has no row). */
import type { Sql } from '../client.ts';

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
