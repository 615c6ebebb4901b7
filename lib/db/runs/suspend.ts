/** Suspending and resuming: each one conditional update. */
import type { Sql } from '../client.ts';
import { dueNow } from './children.ts';
import { followLifecycle } from './lifecycle.ts';
import { runColumns, type RunRow } from './row.ts';

/** The run as it stands then. `running`: a worker holds it, and the request is noted in its row. */
type SteppedRun = RunRow & { delay_ms: number };

const appendEntry = (sql: Sql, entryText: string) => sql`
  INSERT INTO workflow_run_events (run_id, org_id, first, entries)
  SELECT u.id, u.org_id, u.timeline_count, ${entryText}::text::json FROM u WHERE u.status <> 'running'
  RETURNING run_id, org_id, first, created_at`;

const delayMs = (sql: Sql) =>
  sql`GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms`;

/**
 * Suspends a run that waits, and voids its job; asks the worker that holds a running one to stop before its next task.
 * When the run was due stays in the row. No row: it is suspended already, is to be, or has ended.
 */
export const suspendRun = (sql: Sql, orgId: string, runId: string, entryText: string) => sql<SteppedRun[]>`
  WITH u AS (
    UPDATE workflow_runs SET suspending = (status = 'running'),
      status = CASE WHEN status = 'running' THEN status ELSE 'suspended' END,
      status_since = CASE WHEN status = 'running' THEN status_since ELSE now() END,
      generation = generation + CASE WHEN status = 'running' THEN 0 ELSE 1 END,
      suspended_generation = CASE WHEN status = 'running' THEN suspended_generation ELSE generation + 1 END,
      timeline_count = timeline_count + CASE WHEN status = 'running' THEN 0 ELSE 1 END
    WHERE id = ${runId} AND org_id = ${orgId}
      AND (status IN ('queued', 'waiting') OR (status = 'running' AND NOT suspending))
    RETURNING ${runColumns(sql)}, ${delayMs(sql)}
  ), e AS (${appendEntry(sql, entryText)}), o AS (${followLifecycle(sql)})
  SELECT * FROM u`;

/**
 * Lets a suspended run go on, under a new generation: to wait for what it waited for, unless it was signalled
 * meanwhile, else into the queue. Of a run that is to be suspended the request is taken back. No row: neither.
 */
export const resumeRun = (sql: Sql, orgId: string, runId: string, entryText: string) => sql<SteppedRun[]>`
  WITH u AS (
    UPDATE workflow_runs SET suspending = false,
      status = CASE WHEN status = 'running' THEN status
        WHEN resuming AND next_attempt_at IS NOT NULL THEN 'waiting' ELSE 'queued' END,
      status_since = CASE WHEN status = 'running' THEN status_since ELSE now() END,
      next_attempt_at = CASE WHEN status = 'suspended' AND signalled AND resuming AND next_attempt_at IS NOT NULL
        THEN LEAST(next_attempt_at, ${dueNow(sql)}) ELSE next_attempt_at END,
      generation = generation + CASE WHEN status = 'running' THEN 0 ELSE 1 END,
      timeline_count = timeline_count + CASE WHEN status = 'running' THEN 0 ELSE 1 END
    WHERE id = ${runId} AND org_id = ${orgId}
      AND (status = 'suspended' OR (status = 'running' AND suspending))
    RETURNING ${runColumns(sql)}, ${delayMs(sql)}
  ), e AS (${appendEntry(sql, entryText)}), o AS (${followLifecycle(sql)})
  SELECT * FROM u`;
