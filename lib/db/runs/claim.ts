/** The claim: read and lease in one compare-and-swap (design, section 4). */
import type { Json } from '../../engine/types.ts';
import type { KeptResources } from '../../resources/types.ts';
import type { Sql } from '../client.ts';
import { byKey } from './by-key.ts';
import type { RunStatus } from './row.ts';

export interface ClaimedRun {
  id: string;
  org_id: string;
  workflow_id: string;
  version: number;
  input: Json;
  /** The progress tree to go on from; null at the beginning. */
  progress: Json;
  /** The fencing token of this attempt: every later write names it. */
  lease: number;
  generation: number;
  /** The newest format that its progress was ever written in, or that its definition needs. */
  format: number;
  priority: number;
  attempt_count: number;
  max_attempts: number;
  timeline_count: number;
  timeline_dropped: number;
  /** A parent waits for its end. */
  parent_awaits: boolean;
  started_at_ms: number;
  /** The database's clock at the claim, epoch milliseconds. */
  now_ms: number;
  /** Goes on with the attempt under way (after a timer or a hand-over): no try was counted. */
  resumed: boolean;
  /** The last try died with its worker: nothing may run, the run has failed. */
  exhausted: boolean;
}

/** A job's run, as the job knows it. */
export interface Claim {
  runId: string;
  generation: number;
}

/**
 * Takes those of the runs that are due and free, or whose worker is dead. No row for a run: look at `findForJob`.
 * `maxFormat`: the newest format that this worker reads. `resuming` stays as it was, so that a claim whose answer is lost
 * can be taken back (`requeueStrays`). A try is counted unless the attempt is resumed. Rows are locked in the order of
 * `claims`, each found by its key (`byKey`). `old` is read before the lock: it counts only if no other claim came between.
 * @param claims each run once, newest first
 */
export const claimRuns = (
  sql: Sql,
  claims: readonly Claim[],
  by: { workerId: string; leaseMs: number; maxFormat: number },
) => sql<ClaimedRun[]>`
  UPDATE workflow_runs r
  SET status = 'running', lease = r.lease + 1, claimed_by = ${by.workerId},
    attempt_count = CASE WHEN r.resuming AND r.status <> 'running' THEN r.attempt_count
      ELSE LEAST(r.attempt_count + 1, r.max_attempts) END,
    resuming = r.resuming AND r.status <> 'running', signalled = false, next_attempt_at = NULL, status_since = now(),
    started_at = COALESCE(r.started_at, now())
  FROM unnest(
      ${claims.map(({ runId }) => runId)}::uuid[],
      ${claims.map(({ generation }) => generation)}::int[]
    ) AS n(id, generation)
    CROSS JOIN LATERAL (SELECT lease, attempt_count FROM workflow_runs WHERE id = n.id OFFSET 0) old
  WHERE ${byKey(sql)} AND r.generation = n.generation AND r.lease = old.lease AND r.format <= ${by.maxFormat}
    AND CASE
      WHEN r.status IN ('queued', 'waiting') THEN r.next_attempt_at IS NULL OR r.next_attempt_at <= now()
      WHEN r.status = 'running' THEN NOT EXISTS (
        SELECT 1 FROM workers w
        WHERE w.id = r.claimed_by AND w.heartbeat_at > now() - ${by.leaseMs} * interval '1 millisecond')
      ELSE false END
  RETURNING r.id, r.org_id, r.workflow_id, r.version, r.input, r.progress, r.lease, r.generation, r.format, r.priority,
    r.attempt_count, r.max_attempts, r.timeline_count, r.timeline_dropped::float8 AS timeline_dropped, r.parent_awaits,
    (EXTRACT(EPOCH FROM r.started_at) * 1000)::float8 AS started_at_ms,
    (EXTRACT(EPOCH FROM now()) * 1000)::float8 AS now_ms,
    r.resuming AS resumed,
    (NOT r.resuming AND old.attempt_count >= r.max_attempts) AS exhausted`;

export interface JobRow {
  status: RunStatus;
  generation: number;
  format: number;
  workflow_id: string;
  version: number;
  /** Milliseconds until it may run; 0 when it is due. */
  due_in_ms: number;
}

/** Why a claim got nothing: the run as it stands. No row: the job is an orphan. */
export const findForJob = (sql: Sql, runId: string) => sql<JobRow[]>`
  SELECT status, generation, format, workflow_id, version,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS due_in_ms
  FROM workflow_runs WHERE id = ${runId}`;

/** The parts of a run's progress, which its claim does not read. */
export const findParts = (sql: Sql, runId: string) => sql<{ part: number; body: Json }[]>`
  SELECT part, body FROM workflow_run_progress WHERE run_id = ${runId}`;

/** The frozen definition of one version with what was kept of external resources, and the length of its source text. */
export const findDefinition = (sql: Sql, orgId: string, workflowId: string, version: number) => sql<
  { definition: Json; resources: KeptResources | null; source_length: number }[]
>`
  SELECT definition, resources, length(source) AS source_length FROM workflow_versions
  WHERE org_id = ${orgId} AND workflow_id = ${workflowId} AND version = ${version}`;
