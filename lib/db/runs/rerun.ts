/** Statements of reruns: what a failed run has recorded, and runs that repeat others. */
import type { Json } from '../../engine/types.ts';
import type { Sql } from '../client.ts';
import type { InsertedRun, NewRun } from './insert.ts';
import { runColumns } from './row.ts';

/** The root of the progress tree that a failed run has kept; null when it has kept none. */
export const findFailedProgress = (sql: Sql, orgId: string, runId: string) => sql<{ progress: Json }[]>`
  SELECT progress FROM workflow_runs WHERE org_id = ${orgId} AND id = ${runId} AND status = 'failed'`;

/** Parts of all trees, as columns of equal length. */
const partsOf = (runs: readonly NewRun[]) =>
  runs.flatMap(({ id, rerun }) => (rerun?.tree?.written ?? []).map((part) => ({ runId: id, ...part })));

/**
 * As `insertRuns` (insert.ts), with the progress that the runs go on from: the rows and their parts in one statement.
 * An id that exists is left out as well.
 */
export const insertReruns = (
  sql: Sql,
  runs: readonly NewRun[],
  checkedVersion: (run: NewRun) => number | null,
) => sql<InsertedRun[]>`
  WITH u AS (
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, priority, labels, input,
      max_attempts, next_attempt_at, idempotency_key, idempotency_digest, rerun_of, progress, format)
    SELECT n.id, w.org_id, w.id, v.version, n.trigger, n.requested_by, n.priority, n.labels::jsonb, n.input::json,
      n.max_attempts, n.start_at, n.key, n.digest, n.rerun_of, n.progress::json, GREATEST(v.format, n.format)
    FROM unnest(
      ${runs.map((run) => run.id)}::uuid[],
      ${runs.map((run) => run.orgId)}::uuid[],
      ${runs.map((run) => run.workflowId)}::uuid[],
      ${runs.map((run) => run.version)}::int[],
      ${runs.map((run) => run.trigger)}::text[],
      ${runs.map((run) => run.requestedBy)}::text[],
      ${runs.map((run) => run.priority)}::smallint[],
      ${runs.map((run) => JSON.stringify(run.labels))}::text[],
      ${runs.map((run) => run.inputText)}::text[],
      ${runs.map((run) => run.maxAttempts)}::int[],
      ${runs.map((run) => run.startAt)}::timestamptz[],
      ${runs.map((run) => run.idempotency?.key ?? null)}::text[],
      ${runs.map((run) => run.idempotency?.digest ?? null)}::text[],
      ${runs.map(checkedVersion)}::int[],
      ${runs.map((run) => run.rerun?.of ?? null)}::uuid[],
      ${runs.map((run) => run.rerun?.tree?.rootText ?? null)}::text[],
      ${runs.map((run) => run.rerun?.tree?.format ?? 1)}::smallint[]
    ) WITH ORDINALITY AS n(id, org_id, workflow_id, version, trigger, requested_by, priority, labels, input,
      max_attempts, start_at, key, digest, checked_version, rerun_of, progress, format, position)
    JOIN workflows w ON w.org_id = n.org_id AND w.id = n.workflow_id
    JOIN workflow_versions v ON v.org_id = w.org_id AND v.workflow_id = w.id
      AND v.version = COALESCE(n.version, w.published_version)
    WHERE w.archived_at IS NULL AND w.published_version IS NOT NULL
      AND (n.version IS NULL OR n.version BETWEEN 1 AND w.published_version)
      AND (NOT v.checks_input OR n.checked_version = v.version)
    ORDER BY n.key, n.position
    ON CONFLICT DO NOTHING
    RETURNING ${runColumns(sql)},
      GREATEST(0, EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000)::float8 AS delay_ms
  ), p AS (
    INSERT INTO workflow_run_progress (run_id, part, body)
    SELECT n.run_id, n.part, n.body::json
    FROM u JOIN unnest(
      ${partsOf(runs).map(({ runId }) => runId)}::uuid[],
      ${partsOf(runs).map(({ id }) => id)}::int[],
      ${partsOf(runs).map(({ text }) => text)}::text[]
    ) n(run_id, part, body) ON n.run_id = u.id
  )
  SELECT * FROM u`;
