/** The accept path's statements, each one round trip for any number of runs. */
import type { WrittenTree } from '../../engine/parts.ts';
import type { Sql } from '../client.ts';
import { runColumns, type RunRow } from './row.ts';

/** How long an idempotency key names its run. */
const KEY_LIFETIME_HOURS = 24;

/** A run to insert. The id is made by the API, so that it is known whatever happens to the statement. */
export interface NewRun {
  id: string;
  orgId: string;
  workflowId: string;
  /** null: the newest published version. */
  version: number | null;
  trigger: 'api' | 'batch' | 'rerun';
  requestedBy: string;
  priority: number;
  labels: Record<string, string>;
  /** Serialised JSON. */
  inputText: string;
  /** RFC 3339; null: at once. */
  startAt: string | null;
  maxAttempts: number;
  idempotency: { key: string; digest: string } | null;
  /** The run that it repeats, and the recorded progress that it goes on from; null: from the beginning. */
  rerun?: { of: string; tree: WrittenTree | null };
}

export type InsertedRun = RunRow & { delay_ms: number };

/**
 * Inserts each run whose workflow is published and has the version; a run whose idempotency key is taken, or
 * whose workflow cannot run, is left out of the answer. So is a run of a version with an input schema, unless
 * its input has been checked against the schema of exactly that version.
 * @param checkedVersion that version, or null
 */
export const insertRuns = (
  sql: Sql,
  runs: readonly NewRun[],
  checkedVersion: (run: NewRun) => number | null,
) => sql<InsertedRun[]>`
  INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, priority, labels, input,
    max_attempts, next_attempt_at, idempotency_key, idempotency_digest, format)
  SELECT n.id, w.org_id, w.id, v.version, n.trigger, n.requested_by, n.priority,
    n.labels::jsonb, n.input::json, n.max_attempts, n.start_at, n.key, n.digest, v.format
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
    ${runs.map(checkedVersion)}::int[]
  ) WITH ORDINALITY AS n(id, org_id, workflow_id, version, trigger, requested_by, priority, labels, input,
    max_attempts, start_at, key, digest, checked_version, position)
  JOIN workflows w ON w.org_id = n.org_id AND w.id = n.workflow_id
  JOIN workflow_versions v ON v.org_id = w.org_id AND v.workflow_id = w.id
    AND v.version = COALESCE(n.version, w.published_version)
  WHERE w.archived_at IS NULL AND w.published_version IS NOT NULL
    AND (n.version IS NULL OR n.version BETWEEN 1 AND w.published_version)
    AND (NOT v.checks_input OR n.checked_version = v.version)
  ORDER BY n.key, n.position
  ON CONFLICT (org_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
  RETURNING ${runColumns(sql)},
    GREATEST(0, EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000)::float8 AS delay_ms`;

export type KeyedRun = RunRow & {
  idempotency_key: string;
  idempotency_digest: string;
  expired: boolean;
  delay_ms: number;
};

/** The runs that idempotency keys of one org name, and whether a key's 24 hours are over. */
export const findKeyedRuns = (sql: Sql, orgId: string, keys: readonly string[]) => sql<KeyedRun[]>`
  SELECT ${runColumns(sql)}, idempotency_key, idempotency_digest,
    created_at < now() - make_interval(hours => ${KEY_LIFETIME_HOURS}) AS expired,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
  FROM workflow_runs
  WHERE org_id = ${orgId} AND idempotency_key = ANY(${[...keys]}::text[])`;

/** Frees keys whose time is over. */
export const releaseExpiredKeys = (sql: Sql, orgId: string, runIds: readonly string[]) => sql`
  UPDATE workflow_runs SET idempotency_key = NULL, idempotency_digest = NULL
  WHERE org_id = ${orgId} AND id = ANY(${[...runIds]}::uuid[])
    AND created_at < now() - make_interval(hours => ${KEY_LIFETIME_HOURS})`;

/** A replay's own enqueue is done: from here on nobody deletes these rows. Answers with the rows that still stand. */
export const markAccepted = (sql: Sql, runIds: readonly string[]) => sql<RunRow[]>`
  UPDATE workflow_runs SET accepted = true WHERE id = ANY(${[...runIds]}::uuid[]) RETURNING ${runColumns(sql)}`;

/**
 * Design section 3, step 6: takes back rows that nobody has started. A row that was claimed, cancelled, suspended (also
 * when it was resumed since: a replay has taken it for accepted) or accepted by a replay stays. Answers with the ids that are gone.
 */
export const removeUnaccepted = (sql: Sql, runIds: readonly string[]) => sql<{ id: string }[]>`
  WITH gone AS (
    DELETE FROM workflow_runs
    WHERE id = ANY(${[...runIds]}::uuid[]) AND status = 'queued' AND lease = 0 AND generation = 0
      AND NOT accepted
    RETURNING id
  ), parts AS (DELETE FROM workflow_run_progress p USING gone WHERE p.run_id = gone.id)
  SELECT id FROM gone`;

/** Rows by id, whatever their org: only for ids that this process made itself. */
export const findOwnRuns = (sql: Sql, runIds: readonly string[]) => sql<RunRow[]>`
  SELECT ${runColumns(sql)} FROM workflow_runs WHERE id = ANY(${[...runIds]}::uuid[])`;

export interface WorkflowState {
  id: string;
  published_version: number | null;
  archived: boolean;
}

/** Why an insert left a run out: the state of its workflow. No row: there is no such workflow in the org. */
export const findWorkflowState = (sql: Sql, orgId: string, workflowId: string) => sql<WorkflowState[]>`
  SELECT id, published_version, archived_at IS NOT NULL AS archived
  FROM workflows WHERE org_id = ${orgId} AND id = ${workflowId}`;
