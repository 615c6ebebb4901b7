/** Cancelling: one conditional update; the worker that holds the run learns it from its next heartbeat. */
import type { Sql } from '../client.ts';
import { wakeParent, wokenParent, type WokenParent } from './children.ts';
import { followLifecycle } from './lifecycle.ts';
import { runColumns, type RunRow } from './row.ts';

/** Ends a run that has not ended, and tells the parent that waits for it. Raises lease and generation, so no write and no job of it counts any more. */
export const cancelRun = (sql: Sql, orgId: string, runId: string, entryText: string) => sql<
  (RunRow & WokenParent)[]
>`
  WITH u AS (
    UPDATE workflow_runs SET status = 'cancelled', status_since = now(), finished_at = GREATEST(now(), created_at, started_at), claimed_by = NULL, progress = NULL,
      next_attempt_at = NULL, resuming = false, suspending = false, lease = lease + 1, generation = generation + 1,
      timeline_count = timeline_count + 1
    WHERE id = ${runId} AND org_id = ${orgId} AND status IN ('queued', 'running', 'waiting', 'suspended')
    RETURNING ${runColumns(sql)}, workflow_runs.parent_awaits
  ), e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT u.id, u.org_id, u.timeline_count, ${entryText}::text::json FROM u
    RETURNING run_id, org_id, first, created_at
  ), o AS (${followLifecycle(sql)}
  ), d AS (DELETE FROM workflow_run_progress p USING u WHERE p.run_id = u.id
  ), l AS (DELETE FROM event_listeners l USING u WHERE l.owner_id = u.id
  ), i AS (DELETE FROM event_inbox i USING u WHERE i.owner_id = u.id
  ), w AS (${wakeParent(sql)})
  SELECT u.*, ${wokenParent(sql)} FROM u LEFT JOIN w ON w.status = 'waiting'`;
