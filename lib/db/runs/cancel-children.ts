/** Cancelling many runs in one statement: the children of runs that have ended, and the pages of bulk operations. */
import type { Sql } from '../client.ts';
import { followLifecycle } from './lifecycle.ts';

/** What is to be told of a run that was cancelled. */
export interface CancelledRun {
  id: string;
  org_id: string;
  workflow_id: string;
  version: number;
  generation: number;
}

/**
 * Parts of a statement, as `cancelRun` (cancel.ts) for each run of the CTE `picked`, whose rows are locked from the
 * newest to the oldest: the end of a run locks its parent, which is older. Gives the CTE `cancelled`; parents are told by nobody.
 */
export const cancelPicked = (sql: Sql, entryText: string) => sql`
  cancelled AS (
    UPDATE workflow_runs r SET status = 'cancelled', status_since = now(),
      finished_at = GREATEST(now(), r.created_at, r.started_at), claimed_by = NULL, progress = NULL,
      next_attempt_at = NULL, resuming = false, suspending = false, lease = r.lease + 1, generation = r.generation + 1,
      timeline_count = r.timeline_count + 1
    FROM picked WHERE r.id = picked.id
    RETURNING r.id, r.org_id, r.workflow_id, r.version, r.generation, r.timeline_count, r.parent_run_id, r.parent_awaits
  ), e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT c.id, c.org_id, c.timeline_count, ${entryText}::text::json FROM cancelled c
    RETURNING run_id, org_id, first, created_at
  ), o AS (${followLifecycle(sql)}
  ), d AS (DELETE FROM workflow_run_progress p USING cancelled c WHERE p.run_id = c.id
  ), l AS (DELETE FROM event_listeners l USING cancelled c WHERE l.owner_id = c.id
  ), i AS (DELETE FROM event_inbox i USING cancelled c WHERE i.owner_id = c.id)`;

/** An awaited child that has not ended, or was cancelled before, so that its own children are looked for again. */
export interface AwaitedChild {
  id: string;
  parent_run_id: string;
}

/** The awaited children of ended runs, in the order of their ids. No new ones come: a parent that has ended starts none. */
export const findAwaitedChildren = (sql: Sql, parentIds: readonly string[]) => sql<AwaitedChild[]>`
  SELECT id, parent_run_id FROM workflow_runs
  WHERE parent_run_id = ANY(${[...parentIds]}::uuid[]) AND parent_awaits
    AND status IN ('queued', 'running', 'waiting', 'suspended', 'cancelled')
  ORDER BY id`;

/** Ends those of these children that have not ended. One level of a family at a time, so no two rows of it wait for each other. */
export const cancelAwaitedChildren = (sql: Sql, children: readonly AwaitedChild[], entryText: string) => sql<
  CancelledRun[]
>`
  WITH picked AS (
    SELECT r.id FROM workflow_runs r
    JOIN unnest(
      ${children.map(({ id }) => id)}::uuid[],
      ${children.map((child) => child.parent_run_id)}::uuid[]
    ) AS n(id, parent_run_id) ON n.id = r.id AND n.parent_run_id = r.parent_run_id
    WHERE r.status IN ('queued', 'running', 'waiting', 'suspended')
    ORDER BY r.id DESC FOR UPDATE OF r
  ), ${cancelPicked(sql, entryText)}
  SELECT id, org_id, workflow_id, version, generation FROM cancelled`;
