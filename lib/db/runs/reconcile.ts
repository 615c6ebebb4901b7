/** The reconciler's pages: bounded, oldest first. */
import { NEVER_MS } from '../../engine/unwind.ts';
import type { Sql } from '../client.ts';

export interface RequeueRow {
  id: string;
  org_id: string;
  workflow_id: string;
  version: number;
  generation: number;
  priority: number;
  attempt_count: number;
  delay_ms: number;
}

export type DueRow = RequeueRow & {
  /** Keyset of the page: when it is or was due. */
  due_at: string;
};

/**
 * Runs that ought to have a job, after a keyset position. `graceMs` leaves out what the API may still be
 * enqueuing (a run that was claimed once no longer is); null takes every run, also those not yet due (after Redis lost its
 * data), but for those that wait for a signal alone and so have no job.
 */
export const pageOfWaitingRuns = (
  sql: Sql,
  page: { after: { dueAt: string; id: string } | null; graceMs: number | null; limit: number },
) => sql<DueRow[]>`
  SELECT id, org_id, workflow_id, version, generation, priority, attempt_count,
    COALESCE(next_attempt_at, created_at)::text AS due_at,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
  FROM workflow_runs
  WHERE status IN ('queued', 'waiting')
    ${
      page.graceMs === null
        ? sql`AND NOT (status = 'waiting' AND next_attempt_at >= to_timestamp(${NEVER_MS / 1000}::float8))`
        : sql`AND (lease > 0 OR created_at < now() - ${page.graceMs} * interval '1 millisecond')
              AND COALESCE(next_attempt_at, created_at) < now() - interval '5 seconds'`
    }
    ${
      page.after === null
        ? sql``
        : sql`AND (COALESCE(next_attempt_at, created_at), id) > (${page.after.dueAt}::timestamptz, ${page.after.id}::uuid)`
    }
  ORDER BY COALESCE(next_attempt_at, created_at), id
  LIMIT ${page.limit}`;

/**
 * Takes runs away from dead workers: back to the queue under a new generation. Their attempt is spent (the
 * next claim counts a try, or finds none left). The timeline says so.
 */
export const requeueRunsOfDeadWorkers = (
  sql: Sql,
  options: { leaseMs: number; limit: number; entryText: string },
) => sql<RequeueRow[]>`
  WITH lost AS (
    SELECT r.id FROM workflow_runs r
    WHERE r.status = 'running' AND NOT EXISTS (
      SELECT 1 FROM workers w
      WHERE w.id = r.claimed_by AND w.heartbeat_at > now() - ${options.leaseMs} * interval '1 millisecond')
    ORDER BY r.id LIMIT ${options.limit} FOR UPDATE SKIP LOCKED
  ), u AS (
    UPDATE workflow_runs r SET status = 'queued', status_since = now(), claimed_by = NULL, resuming = false, next_attempt_at = NULL,
      lease = r.lease + 1, generation = r.generation + 1, timeline_count = r.timeline_count + 1
    FROM lost WHERE r.id = lost.id
    RETURNING r.id, r.org_id, r.workflow_id, r.version, r.generation, r.priority, r.attempt_count, r.timeline_count
  ), e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT u.id, u.org_id, u.timeline_count, ${options.entryText}::text::json FROM u
  )
  SELECT id, org_id, workflow_id, version, generation, priority, attempt_count, 0::float8 AS delay_ms FROM u`;

/**
 * Runs that the row says this worker holds although it does not know of them (the answer to a claim was lost):
 * back to the queue. No try is spent, as nothing of them ran, but for those that broke. `minAgeMs` is longer
 * than what lies between the look at the held runs and this statement: a claim in between is left alone.
 */
export const requeueStrays = (
  sql: Sql,
  options: {
    workerId: string;
    heldRunIds: readonly string[];
    brokenRunIds: readonly string[];
    minAgeMs: number;
  },
) => sql<RequeueRow[]>`
  UPDATE workflow_runs SET status = 'queued', status_since = now(), claimed_by = NULL,
    resuming = NOT (id = ANY(${[...options.brokenRunIds]}::uuid[])),
    lease = lease + 1, generation = generation + 1
  WHERE status = 'running' AND claimed_by = ${options.workerId}
    AND NOT (id = ANY(${[...options.heldRunIds]}::uuid[]))
    AND status_since < now() - ${options.minAgeMs} * interval '1 millisecond'
  RETURNING id, org_id, workflow_id, version, generation, priority, attempt_count, 0::float8 AS delay_ms`;
