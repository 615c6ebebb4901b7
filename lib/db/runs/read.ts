/** Reading runs: one, a list, and what the live answers watch. */
import type { Sql } from '../client.ts';
import { runColumns, type RunRow, type RunStatus } from './row.ts';

/** One run of the org; `workflowId` narrows it where the path names one. */
export const findRun = (sql: Sql, orgId: string, runId: string, workflowId: string | null) => sql<RunRow[]>`
  SELECT ${runColumns(sql)} FROM workflow_runs
  WHERE id = ${runId} AND org_id = ${orgId}
    ${workflowId === null ? sql`` : sql`AND workflow_id = ${workflowId}`}`;

export interface RunFilter {
  orgId: string;
  workflowId: string | null;
  statuses: RunStatus[] | null;
  labels: Record<string, string>;
  /** RFC 3339, inclusive. */
  from: string | null;
  /** RFC 3339, exclusive. */
  to: string | null;
}

/** Newest first: ids are UUIDv7, so their order is the order of creation. */
export const listRuns = (sql: Sql, filter: RunFilter, page: { before: string | null; limit: number }) => sql<
  RunRow[]
>`
  SELECT ${runColumns(sql)} FROM workflow_runs
  WHERE org_id = ${filter.orgId}
    ${filter.workflowId === null ? sql`` : sql`AND workflow_id = ${filter.workflowId}`}
    ${filter.statuses === null ? sql`` : sql`AND status = ANY(${filter.statuses}::text[])`}
    ${Object.keys(filter.labels).length === 0 ? sql`` : sql`AND labels @> ${JSON.stringify(filter.labels)}::text::jsonb`}
    ${filter.from === null ? sql`` : sql`AND created_at >= ${filter.from}::timestamptz`}
    ${filter.to === null ? sql`` : sql`AND created_at < ${filter.to}::timestamptz`}
    ${page.before === null ? sql`` : sql`AND id < ${page.before}::uuid`}
  ORDER BY id DESC
  LIMIT ${page.limit}`;

export interface RunSnapshot {
  id: string;
  status: RunStatus;
  timeline_count: number;
}

/** What has changed about watched runs; a run that is gone is left out. */
export const snapshotRuns = (sql: Sql, runIds: readonly string[]) => sql<RunSnapshot[]>`
  SELECT id, status, timeline_count FROM workflow_runs WHERE id = ANY(${[...runIds]}::uuid[])`;

/** The backlog is counted up to here; beyond it the position says only that it is at least this. */
const BACKLOG_COUNT_LIMIT = 10_000;

export interface QueueFacts {
  /** Milliseconds until the run may run, by the database's clock; 0 when it is due. */
  due_in_ms: number;
  /** Workers whose heartbeat is younger than the lease and that take jobs. */
  alive_workers: number;
  /** Due runs of the deployment that have waited longer (counted up to the limit). */
  ahead: number;
  /** How long the oldest due run has waited. */
  oldest_age_ms: number;
}

/** What a run that is not running waits for. */
export const queueFacts = (
  sql: Sql,
  run: { id: string; created_at: string; next_attempt_at: string | null },
  leaseMs: number,
) => sql<QueueFacts[]>`
  WITH due AS (
    SELECT COALESCE(next_attempt_at, created_at) AS at, id FROM workflow_runs
    WHERE status IN ('queued', 'waiting') AND COALESCE(next_attempt_at, created_at) <= now()
    ORDER BY COALESCE(next_attempt_at, created_at), id
    LIMIT ${BACKLOG_COUNT_LIMIT}
  )
  SELECT
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM ${run.next_attempt_at}::timestamptz - now()) * 1000, 0))::float8 AS due_in_ms,
    (SELECT count(*) FROM workers
      WHERE heartbeat_at > now() - ${leaseMs} * interval '1 millisecond' AND stopping_at IS NULL)::int AS alive_workers,
    (SELECT count(*) FROM due
      WHERE (at, id) < (COALESCE(${run.next_attempt_at}, ${run.created_at})::timestamptz, ${run.id}::uuid))::int AS ahead,
    COALESCE((SELECT EXTRACT(EPOCH FROM now() - min(at)) * 1000 FROM due), 0)::float8 AS oldest_age_ms`;
