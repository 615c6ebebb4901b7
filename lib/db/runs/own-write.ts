/** After the writes of an attempt: what became of one, and what one may have left behind. */
import type { Sql } from '../client.ts';
import type { LeftRun } from './write.ts';

/**
 * Removes what a checkpoint has left behind that was under way when its run was cancelled: the cancel has waited for it, and
 * yet has not seen its parts. For who has written them, once nothing more is written.
 */
export const dropPartsOfCancelled = (sql: Sql, runId: string) => sql`
  DELETE FROM workflow_run_progress p USING workflow_runs r
  WHERE p.run_id = ${runId} AND r.id = p.run_id AND r.status = 'cancelled'`;

export interface OwnWrite extends LeftRun {
  lease: number;
  timeline_count: number;
  timeline_dropped: number;
  /** Of the tree; 0 without one. */
  revision: number;
}

/** After a write whose outcome is not known: the row as it stands, to see whether the write landed. */
export const findOwnWrite = (sql: Sql, runId: string) => sql<OwnWrite[]>`
  SELECT id, lease, status, timeline_count, timeline_dropped::float8 AS timeline_dropped, generation, format, next_attempt_at,
    COALESCE((progress ->> 'revision')::int, 0) AS revision,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
  FROM workflow_runs WHERE id = ${runId}`;
