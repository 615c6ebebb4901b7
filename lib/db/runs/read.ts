/** Reading runs: one, a list, and what the live answers watch. */
import type { Json } from '../../engine/types.ts';
import type { Sql } from '../client.ts';
import { belongs, matches, type RunFilter } from './filter.ts';
import { isActive } from './open.ts';
import { runColumns, type RunRow, type RunStatus } from './row.ts';

/** One run of the org; `workflowId` narrows it where the path names one. */
export const findRun = (sql: Sql, orgId: string, runId: string, workflowId: string | null) => sql<RunRow[]>`
  SELECT ${runColumns(sql)} FROM workflow_runs
  WHERE id = ${runId} AND org_id = ${orgId}
    ${workflowId === null ? sql`` : sql`AND workflow_id = ${workflowId}`}`;

/** Newest first: ids are UUIDv7, so their order is the order of creation. */
export const listRuns = (sql: Sql, filter: RunFilter, page: { before: string | null; limit: number }) => sql<
  RunRow[]
>`
  SELECT ${runColumns(sql)} FROM workflow_runs
  WHERE ${belongs(sql, filter)} AND ${matches(sql, filter)}
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

/**
 * An org's queued and running runs are looked at up to here, about in the order of their creation; beyond it the position says
 * only that it is at least this.
 */
const BACKLOG_COUNT_LIMIT = 10_000;
/** Filters that are answered. */
const FILTER_LIMIT = 20;
/** A worker without a beat for so long takes no jobs, as far as anybody can tell; it beats every second. */
const SILENCE_MS = 2000;

export interface QueueFacts {
  /** Milliseconds until the run may run, by the database's clock; 0 when it is due. */
  due_in_ms: number;
  /** Workers that have sent a heartbeat just now, take jobs, and can read the run. */
  alive_workers: number;
  /** The org's limit of runs in flight; null: none. */
  max_in_flight: number | null;
  /** The org's runs in flight, counted up to that limit. */
  in_flight: number;
  /** More of the org is queued and running than is looked at: there may be more in flight. */
  is_cut: boolean;
  /** Due runs of the org that go before this one (counted up to the limit). */
  ahead: number;
  /** How long the oldest due run of the org has waited. */
  oldest_age_ms: number;
  /** Conditions of the filters that it listens with. */
  conditions: Json[];
}

/** What a run that is not running waits for. Bounded, whatever is queued. */
export const queueFacts = (sql: Sql, run: RunRow, leaseMs: number) => sql<QueueFacts[]>`
  WITH self AS (
    SELECT COALESCE(${run.next_attempt_at}, ${run.created_at})::timestamptz AS at, ${run.generation > 0}::boolean AS begun
  ), org AS (
    SELECT max_runs_in_flight AS max FROM org_limits WHERE org_id = ${run.org_id}
  ), active AS MATERIALIZED (
    SELECT status, priority, generation > 0 AS begun, COALESCE(next_attempt_at, created_at) AS at, id
    FROM workflow_runs WHERE org_id = ${run.org_id} AND ${isActive(sql)}
    LIMIT ${BACKLOG_COUNT_LIMIT}
  ), due AS (
    SELECT * FROM active WHERE status = 'queued' AND at <= now()
  )
  SELECT
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM ${run.next_attempt_at}::timestamptz - now()) * 1000, 0))::float8 AS due_in_ms,
    (SELECT count(*) FROM workers
      WHERE heartbeat_at > now() - ${Math.min(leaseMs, SILENCE_MS)} * interval '1 millisecond'
        AND stopping_at IS NULL AND reads_format >= ${run.format})::int AS alive_workers,
    (SELECT max FROM org) AS max_in_flight,
    (SELECT count(*) FROM (
      SELECT 1 FROM active WHERE status = 'running' AND (SELECT max FROM org) IS NOT NULL
      LIMIT (SELECT COALESCE(min(max), 0) FROM org)) running)::int AS in_flight,
    (SELECT count(*) FROM active) = ${BACKLOG_COUNT_LIMIT} AS is_cut,
    (SELECT count(*) FROM due, self WHERE due.id <> ${run.id}::uuid
      AND (-due.priority, NOT due.begun, due.at, due.id)
        < (-${run.priority}::int, NOT self.begun, self.at, ${run.id}::uuid))::int AS ahead,
    COALESCE((SELECT EXTRACT(EPOCH FROM now() - LEAST(min(due.at), min(self.at))) * 1000 FROM self LEFT JOIN due ON true), 0)::float8
      AS oldest_age_ms,
    COALESCE((SELECT json_agg(condition) FROM (
      SELECT condition FROM event_listeners WHERE owner_id = ${run.id} AND owner = 'run'
      ORDER BY key, filter LIMIT ${FILTER_LIMIT}) listeners), '[]'::json) AS conditions`;
