/** The accept path's statements, each one round trip for any number of runs. */
import type { WrittenTree } from '../../engine/parts.ts';
import type { Json } from '../../engine/types.ts';
import type { Sql } from '../client.ts';
import { bounded, statementOutcome } from '../failure.ts';
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

/** What the database adds to a run that is inserted. */
type Made = Pick<
  InsertedRun,
  | 'id'
  | 'org_id'
  | 'workflow_id'
  | 'version'
  | 'labels'
  | 'next_attempt_at'
  | 'format'
  | 'created_at'
  | 'status_since'
  | 'delay_ms'
>;

/**
 * The row of a run that has just been inserted: what was sent, what was made, and the defaults of the table. Spelt out,
 * since spreading a row into so large an object costs more than inserting it.
 */
const toInsertedRun = (run: NewRun, made: Made): InsertedRun => ({
  id: made.id,
  org_id: made.org_id,
  workflow_id: made.workflow_id,
  version: made.version,
  status: 'queued',
  trigger: run.trigger,
  requested_by: run.requestedBy,
  priority: run.priority,
  labels: made.labels,
  // The API wrote this text itself.
  input: JSON.parse(run.inputText) as Json,
  output: null,
  error: null,
  attempt_count: 0,
  max_attempts: run.maxAttempts,
  next_attempt_at: made.next_attempt_at,
  lease: 0,
  generation: 0,
  format: made.format,
  suspending: false,
  accepted: false,
  resuming: false,
  timeline_count: 0,
  created_at: made.created_at,
  status_since: made.status_since,
  started_at: null,
  finished_at: null,
  parent_run_id: null,
  rerun_of: null,
  schedule_id: null,
  delay_ms: made.delay_ms,
});

/** An insert failed; its cause is what the statement threw. */
export class InsertFailed extends Error {
  /** As `statementOutcome` says. */
  readonly outcome: ReturnType<typeof statementOutcome>;
  constructor(outcome: ReturnType<typeof statementOutcome>, cause: unknown) {
    super('the insert failed', { cause });
    this.name = 'InsertFailed';
    this.outcome = outcome;
  }
}

/** A run to insert, and the version against whose schema its input has been checked; null: none. */
export interface CheckedRun {
  run: NewRun;
  checkedVersion: number | null;
}

/** As `insertion` reads it. What is JSON already goes as text, so that it is stored letter by letter. */
const toRecord = ({ run, checkedVersion }: CheckedRun): Record<string, string | number | undefined> => ({
  id: run.id,
  org_id: run.orgId,
  workflow_id: run.workflowId,
  version: run.version ?? undefined,
  trigger: run.trigger,
  requested_by: run.requestedBy,
  priority: run.priority,
  labels: JSON.stringify(run.labels),
  input: run.inputText,
  max_attempts: run.maxAttempts,
  start_at: run.startAt ?? undefined,
  // Half a surrogate pair, which Postgres refuses in a JSON text, becomes what UTF-8 makes of it.
  key: run.idempotency === null ? undefined : Buffer.from(run.idempotency.key).toString(),
  digest: run.idempotency?.digest,
  checked_version: checkedVersion ?? undefined,
});

/** Only where there are keys: it costs each row a record of its own in the WAL. */
const ignoringTakenKeys = (sql: Sql, items: readonly CheckedRun[]) =>
  items.some(({ run }) => run.idempotency !== null)
    ? sql`ON CONFLICT (org_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING`
    : sql``;

/** One parameter instead of a column's array each: half the API's part of the work, and the same for Postgres. */
const insertion = (sql: Sql, items: readonly CheckedRun[]) => sql<Made[]>`
  INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, priority, labels, input,
    max_attempts, next_attempt_at, idempotency_key, idempotency_digest, format)
  SELECT n.id, w.org_id, w.id, v.version, n.trigger, n.requested_by, n.priority,
    n.labels::jsonb, n.input::json, n.max_attempts, n.start_at, n.key, n.digest, v.format
  FROM ROWS FROM (json_to_recordset(${JSON.stringify(items.map(toRecord))}::json) AS (id uuid, org_id uuid,
    workflow_id uuid, version int, trigger text, requested_by text, priority smallint, labels text, input text,
    max_attempts int, start_at timestamptz, key text, digest text, checked_version int)) WITH ORDINALITY
    AS n(id, org_id, workflow_id, version, trigger, requested_by, priority, labels, input, max_attempts, start_at,
      key, digest, checked_version, position)
  JOIN workflows w ON w.org_id = n.org_id AND w.id = n.workflow_id
  JOIN workflow_versions v ON v.org_id = w.org_id AND v.workflow_id = w.id
    AND v.version = COALESCE(n.version, w.published_version)
  WHERE w.archived_at IS NULL AND w.published_version IS NOT NULL
    AND (n.version IS NULL OR n.version BETWEEN 1 AND w.published_version)
    AND (NOT v.checks_input OR n.checked_version = v.version)
  ORDER BY n.key, n.org_id, n.position
  ${ignoringTakenKeys(sql, items)}
  RETURNING id, org_id, workflow_id, version, labels, next_attempt_at, format, created_at, status_since,
    GREATEST(0, EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000)::float8 AS delay_ms`;

/**
 * Inserts each run, of whatever org, whose workflow is published and has the version; a run whose idempotency key is
 * taken, or whose workflow cannot run, is left out. So is a run of a version with an input schema, unless its input has
 * been checked against the schema of exactly that version.
 * @param timeoutMs as `bounded` takes it
 * @returns of each run, in order: its row, or null
 * @throws {InsertFailed}
 */
export async function insertRuns(
  sql: Sql,
  items: readonly CheckedRun[],
  timeoutMs: number,
): Promise<(InsertedRun | null)[]> {
  const query = insertion(sql, items);
  try {
    const rows = await bounded(query, timeoutMs);
    const byId = new Map(rows.map((row) => [row.id, row]));
    return items.map(({ run }) => {
      const made = byId.get(run.id);
      return made === undefined ? null : toInsertedRun(run, made);
    });
  } catch (error) {
    throw new InsertFailed(statementOutcome(query, error), error);
  }
}

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

/** Their rows in the order in which every statement locks many: newest first (worker/statements.ts). */
const lockedRuns = (sql: Sql, runIds: readonly string[]) => sql`
  SELECT id FROM workflow_runs WHERE id = ANY(${[...runIds]}::uuid[]) ORDER BY id DESC FOR UPDATE`;

/** A replay's own enqueue is done: from here on nobody deletes these rows. Answers with the rows that still stand. */
export const markAccepted = (sql: Sql, runIds: readonly string[]) => sql<RunRow[]>`
  UPDATE workflow_runs SET accepted = true WHERE id IN (${lockedRuns(sql, runIds)}) RETURNING ${runColumns(sql)}`;

/**
 * Design section 3, step 6: takes back rows that nobody has started. A row that was claimed, cancelled, suspended (also
 * when it was resumed since: a replay has taken it for accepted) or accepted by a replay stays. Answers with the ids that are gone.
 */
export const removeUnaccepted = (sql: Sql, runIds: readonly string[]) => sql<{ id: string }[]>`
  WITH gone AS (
    DELETE FROM workflow_runs
    WHERE id IN (${lockedRuns(sql, runIds)}) AND status = 'queued' AND lease = 0 AND generation = 0
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
