/** An attempt's writes. Each is fenced on its lease and carries the timeline entries gathered since the last. */
import type { WrittenTree } from '../../engine/parts.ts';
import type { Sql } from '../client.ts';
import { dueNow, wakeParent, wokenParent, type WokenParent } from './children.ts';
import { followLifecycle } from './lifecycle.ts';
import type { RunStatus } from './row.ts';
import { entriesOrSuspended } from './timeline.ts';

/** What every write of an attempt names. */
export interface Fence {
  runId: string;
  orgId: string;
  lease: number;
  /**
   * Timeline entries written and dropped so far, as this attempt knows it: makes a write safe to repeat, and void
   * when it arrives late.
   */
  timelineCount: number;
  timelineDropped: number;
}

/** Entries to append, serialised as one JSON array, how many they are, and how many were beyond the cap. */
export interface TimelineBatch {
  entriesText: string;
  count: number;
  dropped: number;
}

/**
 * `suspended` becomes `queued` when the run was resumed meanwhile; `queued` and `waiting` become `suspended` when it is
 * to be suspended.
 */
type LeaveStatus = 'queued' | 'waiting' | 'suspended' | 'succeeded' | 'failed';

/** How an attempt lets go of its run. */
export interface Leave {
  status: LeaveStatus;
  /** Where to go on; null: nothing is kept. */
  tree: WrittenTree | null;
  /** Without a tree: there are parts to be dropped. */
  dropsParts: boolean;
  /** Serialised; null where there is none. */
  outputText: string | null;
  errorText: string | null;
  /** Not before now + so many ms (a retry's backoff)… */
  delayMs: number | null;
  /** …or not before this epoch millisecond (a timer). */
  untilMs: number | null;
  /** The next claim goes on with this attempt. */
  resuming: boolean;
  /** A new job will be made, so jobs of the old generation are void. */
  newGeneration: boolean;
  /** The run has ended, and a parent waits for it. */
  wakesParent: boolean;
  /** The entry that is appended when the run is suspended with this (`suspendedEntry`). */
  suspendedText: string;
}

/** Parts of a statement whose CTE `u` is the run's row if the lease holds. */
const appendTimeline = (sql: Sql, fence: Fence, batch: TimelineBatch) =>
  batch.count === 0
    ? sql``
    : sql`, e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT ${fence.runId}, ${fence.orgId}, u.timeline_count - ${batch.count} + 1, ${batch.entriesText}::text::json
    FROM u RETURNING run_id, org_id, first, created_at
  ), o AS (${followLifecycle(sql)})`;

const writeParts = (sql: Sql, fence: Fence, tree: WrittenTree) => sql`
  ${
    tree.written.length === 0
      ? sql``
      : sql`, p AS (
    INSERT INTO workflow_run_progress (run_id, part, body)
    SELECT ${fence.runId}, n.part, n.body::json
    FROM u, unnest(${tree.written.map(({ id }) => id)}::int[], ${tree.written.map(({ text }) => text)}::text[]) n(part, body)
    ON CONFLICT (run_id, part) DO UPDATE SET body = excluded.body)`
  }
  ${
    tree.dropped.length === 0
      ? sql``
      : sql`, d AS (
    DELETE FROM workflow_run_progress p USING u
    WHERE p.run_id = ${fence.runId} AND p.part = ANY(${tree.dropped}::int[]))`
  }`;

/**
 * A write without entries leaves the counts of the fence as they are: it is its tree's revision that makes it void when it
 * comes again, or after the next one.
 */
const replacesStored = (sql: Sql, tree: WrittenTree | null, batch: TimelineBatch) =>
  tree === null || batch.count > 0 || batch.dropped > 0
    ? sql``
    : sql`AND COALESCE((progress ->> 'revision')::int, 0) = ${tree.revision - 1}::int`;

/** Writes the progress tree. No row: the lease is lost (or see `findOwnWrite`). */
export const writeCheckpoint = (sql: Sql, fence: Fence, tree: WrittenTree, batch: TimelineBatch) => sql<
  { lease: number }[]
>`
  WITH u AS (
    UPDATE workflow_runs SET progress = ${tree.rootText}::text::json, format = GREATEST(format, ${tree.format}::smallint),
      timeline_count = timeline_count + ${batch.count}, timeline_dropped = timeline_dropped + ${batch.dropped}
    WHERE id = ${fence.runId} AND lease = ${fence.lease} AND status = 'running'
      AND timeline_count = ${fence.timelineCount} AND timeline_dropped = ${fence.timelineDropped}
      ${replacesStored(sql, tree, batch)}
    RETURNING lease, timeline_count
  ) ${appendTimeline(sql, fence, batch)} ${writeParts(sql, fence, tree)}
  SELECT lease FROM u`;

export interface LeftRun extends Partial<WokenParent> {
  status: RunStatus;
  generation: number;
  format: number;
  next_attempt_at: string | null;
  delay_ms: number;
}

/** Where the run goes, whatever was asked of it meanwhile. */
const nextStatus = (sql: Sql, status: LeaveStatus) => {
  if (status === 'suspended') return sql`CASE WHEN suspending THEN 'suspended' ELSE 'queued' END`;
  if (status === 'succeeded' || status === 'failed') return sql`${status}`;
  return sql`CASE WHEN suspending THEN 'suspended' ELSE ${status} END`;
};

/** Whether it is suspended with this: read from the row as it was. */
const isSuspended = (sql: Sql, { status }: Leave) =>
  status === 'succeeded' || status === 'failed' ? sql`false` : sql`suspending`;

/** As `appendTimeline`, and that the run is suspended, if it is. */
const appendLast = (sql: Sql, fence: Fence, { suspendedText }: Leave, batch: TimelineBatch) => sql`, e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT ${fence.runId}, ${fence.orgId},
      u.timeline_count - ${batch.count} + CASE WHEN u.status = 'suspended' THEN 0 ELSE 1 END,
      ${entriesOrSuspended(sql, batch.entriesText, batch.count, suspendedText)}
    FROM u WHERE u.status = 'suspended' OR ${batch.count > 0}::boolean RETURNING run_id, org_id, first, created_at
  ), o AS (${followLifecycle(sql)})`;

const dropParts = (sql: Sql, fence: Fence, { dropsParts }: Leave) =>
  dropsParts
    ? sql`, d AS (DELETE FROM workflow_run_progress p USING u WHERE p.run_id = ${fence.runId})`
    : sql``;

/** Ends the attempt: finished, parked for a timer, to be tried again, or handed over. No row: the lease is lost. */
export const leaveRun = (sql: Sql, fence: Fence, leave: Leave, batch: TimelineBatch) => sql<LeftRun[]>`
  WITH u AS (
    UPDATE workflow_runs SET status = ${nextStatus(sql, leave.status)}, status_since = now(), claimed_by = NULL,
      suspending = false, progress = ${leave.tree?.rootText ?? null}::text::json,
      format = GREATEST(format, ${leave.tree?.format ?? 1}::smallint), output = ${leave.outputText}::text::json,
      error = ${leave.errorText}::text::json, resuming = ${leave.resuming},
      next_attempt_at = CASE WHEN signalled AND ${leave.status} = 'waiting' THEN ${dueNow(sql)} ELSE COALESCE(
        now() + ${leave.delayMs}::float8 * interval '1 millisecond',
        to_timestamp(${leave.untilMs}::float8 / 1000)) END,
      generation = generation + ${leave.newGeneration ? 1 : 0},
      finished_at = CASE WHEN ${leave.status} IN ('succeeded', 'failed') THEN GREATEST(now(), started_at) END,
      timeline_count = timeline_count + ${batch.count} + CASE WHEN ${isSuspended(sql, leave)} THEN 1 ELSE 0 END,
      timeline_dropped = timeline_dropped + ${batch.dropped}
    WHERE id = ${fence.runId} AND lease = ${fence.lease} AND status = 'running'
      AND timeline_count = ${fence.timelineCount} AND timeline_dropped = ${fence.timelineDropped}
    RETURNING status, generation, format, next_attempt_at, timeline_count, parent_run_id, parent_awaits
  ) ${appendLast(sql, fence, leave, batch)}
  ${leave.tree === null ? dropParts(sql, fence, leave) : writeParts(sql, fence, leave.tree)}
  ${leave.wakesParent ? sql`, w AS (${wakeParent(sql)})` : sql``}
  SELECT u.status, u.generation, u.format, u.next_attempt_at,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM u.next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
    ${leave.wakesParent ? sql`, ${wokenParent(sql)} FROM u LEFT JOIN w ON w.status = 'waiting'` : sql`FROM u`}`;

/**
 * Removes what a checkpoint has left behind that was under way when its run was cancelled: the cancel has waited for it, and
 * yet has not seen its parts. For who has written them, once nothing more is written.
 */
export const dropPartsOfCancelled = (sql: Sql, runId: string) => sql`
  DELETE FROM workflow_run_progress p USING workflow_runs r
  WHERE p.run_id = ${runId} AND r.id = p.run_id AND r.status = 'cancelled'`;

export interface OwnWrite extends LeftRun {
  lease: number;
  timeline_count: number;
  timeline_dropped: number;
  /** Of the tree; 0 without one. */
  revision: number;
}

/** After a write whose outcome is not known: the row as it stands, to see whether the write landed. */
export const findOwnWrite = (sql: Sql, runId: string) => sql<OwnWrite[]>`
  SELECT lease, status, timeline_count, timeline_dropped::float8 AS timeline_dropped, generation, format, next_attempt_at,
    COALESCE((progress ->> 'revision')::int, 0) AS revision,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
  FROM workflow_runs WHERE id = ${runId}`;
