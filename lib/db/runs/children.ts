/** Runs that `run: workflow` tasks start: their insertion, their end, and what it does to the parent. */
import type { DslError, Json } from '../../engine/types.ts';
import type { Sql } from '../client.ts';
import type { RequeueRow } from './reconcile.ts';
import type { RunStatus } from './row.ts';

/** Runs above a run; one more is refused: a workflow that runs itself would go on for ever. */
export const MAX_RUN_DEPTH = 10;

export interface NewChild {
  id: string;
  /** The run whose task starts it, and the lease that its attempt holds. */
  parentRunId: string;
  lease: number;
  orgId: string;
  namespace: string;
  name: string;
  /** `document.version`, or `latest`. */
  version: string;
  /** Serialised JSON. */
  inputText: string;
  awaited: boolean;
  maxAttempts: number;
}

/** The published versions of that name that may run, best first: the newest that existed when the parent began. */
const candidates = (sql: Sql, child: Omit<NewChild, 'id' | 'inputText' | 'awaited' | 'maxAttempts'>) => sql`
  SELECT v.workflow_id, v.version, v.format
  FROM workflow_versions v JOIN workflows w ON w.org_id = v.org_id AND w.id = v.workflow_id
  WHERE v.org_id = ${child.orgId} AND w.archived_at IS NULL
    AND v.definition #>> '{document,namespace}' = ${child.namespace}
    AND v.definition #>> '{document,name}' = ${child.name}
    AND (${child.version} = 'latest' OR v.definition #>> '{document,version}' = ${child.version})
  ORDER BY v.created_at <= (SELECT started_at FROM workflow_runs WHERE id = ${child.parentRunId}) DESC,
    v.created_at DESC, v.version DESC
  LIMIT 1`;

/**
 * Inserts a child run, once; fenced on the parent's lease, whose row it locks: a cancel that comes meanwhile either
 * keeps the child from starting or finds it. No row: see `findChildProblem`.
 */
export const insertChild = (sql: Sql, child: NewChild) => sql<RequeueRow[]>`
  INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, priority, input, max_attempts,
    parent_run_id, parent_awaits, depth, format)
  SELECT ${child.id}, p.org_id, c.workflow_id, c.version, 'workflow', p.requested_by, p.priority,
    ${child.inputText}::text::json, ${child.maxAttempts}, p.id, ${child.awaited}, p.depth + 1, c.format
  FROM workflow_runs p CROSS JOIN (${candidates(sql, child)}) c
  WHERE p.id = ${child.parentRunId} AND p.lease = ${child.lease} AND p.status = 'running'
    AND p.depth < ${MAX_RUN_DEPTH}
  FOR SHARE OF p
  ON CONFLICT (id) DO NOTHING
  RETURNING id, org_id, workflow_id, version, generation, format, priority, attempt_count, 0::float8 AS delay_ms`;

export interface ChildProblem {
  exists: boolean;
  held: boolean;
  depth: number;
  found: boolean;
}

/** Why nothing was inserted: it exists already, the lease is lost, the runs nest too deep, or there is no such version. */
export const findChildProblem = (sql: Sql, child: NewChild) => sql<ChildProblem[]>`
  SELECT EXISTS (SELECT 1 FROM workflow_runs WHERE id = ${child.id}) AS exists,
    p.lease = ${child.lease} AND p.status = 'running' AS held, p.depth,
    EXISTS (${candidates(sql, child)}) AS found
  FROM workflow_runs p WHERE p.id = ${child.parentRunId}`;

export interface ChildRow {
  id: string;
  status: RunStatus;
  output: Json;
  error: DslError | null;
}

/** How children stand. */
export const findChildren = (sql: Sql, orgId: string, ids: readonly string[]) => sql<ChildRow[]>`
  SELECT id, status, output, error FROM workflow_runs WHERE org_id = ${orgId} AND id = ANY(${[...ids]}::uuid[])`;

/** Now in the column's milliseconds: rounded, it could lie in the future, and a claim that comes at once would miss. */
export const dueNow = (sql: Sql) => sql`date_trunc('milliseconds', now())`;

/**
 * Part of a statement that ends a run, which is the CTE `u` with `id`, `parent_run_id` and `parent_awaits`: tells the
 * parent. One that waits becomes due under a new generation; one that runs may not go to sleep any more. The parent's
 * row is locked whether it waits or runs, so that one about to sleep is not missed.
 */
export const wakeParent = (sql: Sql) => sql`
  UPDATE workflow_runs p SET signalled = true,
    next_attempt_at = CASE WHEN p.status = 'waiting' THEN ${dueNow(sql)} ELSE p.next_attempt_at END,
    generation = p.generation + CASE WHEN p.status = 'waiting' THEN 1 ELSE 0 END
  FROM u WHERE u.parent_awaits AND p.id = u.parent_run_id
    AND p.status IN ('queued', 'running', 'waiting', 'suspended')
  RETURNING p.id, p.generation, p.format, p.priority, p.status`;

/** A parent that was waiting, as statements with `wakeParent` answer; null when there is none. */
export interface WokenParent {
  parent_id: string | null;
  parent_generation: number | null;
  parent_priority: number | null;
  parent_format: number | null;
}

/** The columns of `WokenParent`, of the CTE `w` that is `wakeParent`. */
export const wokenParent = (sql: Sql) =>
  sql`w.id AS parent_id, w.generation AS parent_generation, w.priority AS parent_priority,
    w.format AS parent_format`;
