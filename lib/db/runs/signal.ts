/** Signals: what a run waits for has happened. */
import type { Sql } from '../client.ts';
import { dueNow } from './children.ts';
import type { RequeueRow } from './reconcile.ts';

/**
 * Tells runs that something they wait for has happened. One that waits becomes due under a new generation, and is
 * answered, to be enqueued (worker/requeue.ts); one that runs, or is suspended, may not go to sleep when it would.
 * Newer runs are locked first, as everywhere: the end of a run locks its parent, which is older.
 */
export const signalRuns = (sql: Sql, runIds: readonly string[]) => sql<RequeueRow[]>`
  WITH u AS (
    UPDATE workflow_runs SET signalled = true,
      next_attempt_at = CASE WHEN status = 'waiting' THEN ${dueNow(sql)} ELSE next_attempt_at END,
      generation = generation + CASE WHEN status = 'waiting' THEN 1 ELSE 0 END
    WHERE id IN (
      SELECT id FROM workflow_runs WHERE id = ANY(${[...runIds]}::uuid[])
        AND status IN ('queued', 'running', 'waiting', 'suspended')
      ORDER BY id DESC FOR UPDATE)
    RETURNING id, org_id, workflow_id, version, generation, format, priority, attempt_count, status
  )
  SELECT id, org_id, workflow_id, version, generation, format, priority, attempt_count, 0::float8 AS delay_ms
  FROM u WHERE status = 'waiting'`;
