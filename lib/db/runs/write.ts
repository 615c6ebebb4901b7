/**
 * The writes of attempts, any number in one statement. Each is fenced on its own lease and carries the timeline entries
 * gathered since the last; a run has one of them in a statement, and those of the newest runs come first.
 */
import type { WrittenTree } from '../../engine/parts.ts';
import type { Sql } from '../client.ts';
import { byKey } from './by-key.ts';
import { dueNow, wakeParent, wokenParent, type WokenParent } from './children.ts';
import { followLifecycle } from './lifecycle.ts';
import { writeParts } from './progress.ts';
import type { RunStatus } from './row.ts';

/** What every write of an attempt names. */
export interface Fence {
  runId: string;
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

/** Progress, made durable. */
export interface Checkpoint {
  fence: Fence;
  tree: WrittenTree;
  batch: TimelineBatch;
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

/** The last write of an attempt. */
export interface LastWrite {
  fence: Fence;
  leave: Leave;
  batch: TimelineBatch;
}

/** Whether the attempt of the item `n` still holds the row `r`. */
const holds = (sql: Sql) => sql`${byKey(sql)} AND CASE WHEN r.status = 'running' THEN
  r.lease = n.lease AND r.timeline_count = n.timeline_count AND r.timeline_dropped = n.timeline_dropped ELSE false END`;

/** The columns of items `n` that `holds` reads, and what they add to the timeline. */
const fences = (sql: Sql, writes: readonly { fence: Fence; batch: TimelineBatch }[]) => sql`
  ${writes.map(({ fence }) => fence.runId)}::uuid[],
  ${writes.map(({ fence }) => fence.lease)}::int[],
  ${writes.map(({ fence }) => fence.timelineCount)}::int[],
  ${writes.map(({ fence }) => fence.timelineDropped)}::bigint[],
  ${writes.map(({ batch }) => batch.count)}::int[],
  ${writes.map(({ batch }) => batch.dropped)}::bigint[],
  ${writes.map(({ batch }) => batch.entriesText)}::text[]`;
const fenceColumns = (sql: Sql) => sql`id, lease, timeline_count, timeline_dropped, added, dropped, entries`;

/**
 * A write without entries leaves the counts of the fence as they are: it is its tree's revision that makes it void when it
 * comes again, or after the next one.
 */
const replacedRevision = ({ tree, batch }: Checkpoint): number | null =>
  batch.count > 0 || batch.dropped > 0 ? null : tree.revision - 1;

/** Writes progress trees. No row for a run: its lease is lost (or see `findOwnWrite`). */
export const writeCheckpoints = (sql: Sql, checkpoints: readonly Checkpoint[]) => sql<
  { id: string; lease: number }[]
>`
  WITH u AS (
    UPDATE workflow_runs r SET progress = n.root::json, format = GREATEST(r.format, n.format),
      timeline_count = r.timeline_count + n.added, timeline_dropped = r.timeline_dropped + n.dropped
    FROM unnest(
      ${fences(sql, checkpoints)},
      ${checkpoints.map(({ tree }) => tree.rootText)}::text[],
      ${checkpoints.map(({ tree }) => tree.format)}::smallint[],
      ${checkpoints.map(replacedRevision)}::int[]
    ) AS n(${fenceColumns(sql)}, root, format, replaces)
    WHERE ${holds(sql)} AND (n.replaces IS NULL OR COALESCE((r.progress ->> 'revision')::int, 0) = n.replaces)
    RETURNING r.id, r.org_id, r.lease, r.timeline_count, n.added, n.entries
  ), e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT id, org_id, timeline_count - added + 1, entries::json FROM u WHERE added > 0
    RETURNING run_id, org_id, first, created_at
  ), o AS (${followLifecycle(sql)}
  ) ${writeParts(
    sql,
    checkpoints.map(({ fence, tree }) => ({ runId: fence.runId, tree })),
  )}
  SELECT id, lease FROM u`;

export interface LeftRun extends Partial<WokenParent> {
  id: string;
  status: RunStatus;
  generation: number;
  format: number;
  next_attempt_at: string | null;
  delay_ms: number;
}

/** Whether the run, as it was, is suspended with this. */
const isSuspended = (sql: Sql) => sql`r.suspending AND NOT n.ends`;

/** Where the run goes, whatever was asked of it meanwhile. */
const nextStatus = (sql: Sql) => sql`CASE WHEN n.ends THEN n.status WHEN ${isSuspended(sql)} THEN 'suspended'
  WHEN n.status = 'suspended' THEN 'queued' ELSE n.status END`;

/** The items `n` of last writes: what the attempts leave behind. */
const lastItems = (sql: Sql, writes: readonly LastWrite[]) => sql`(
    SELECT *, status IN ('succeeded', 'failed') AS ends FROM unnest(
      ${fences(sql, writes)},
      ${writes.map(({ leave }) => leave.status)}::text[],
      ${writes.map(({ leave }) => leave.tree?.rootText ?? null)}::text[],
      ${writes.map(({ leave }) => leave.tree?.format ?? 1)}::smallint[],
      ${writes.map(({ leave }) => leave.outputText)}::text[],
      ${writes.map(({ leave }) => leave.errorText)}::text[],
      ${writes.map(({ leave }) => leave.delayMs)}::float8[],
      ${writes.map(({ leave }) => leave.untilMs)}::float8[],
      ${writes.map(({ leave }) => Number(leave.resuming))}::int[],
      ${writes.map(({ leave }) => Number(leave.newGeneration))}::int[],
      ${writes.map(({ leave }) => leave.suspendedText)}::text[]
    ) AS n(${fenceColumns(sql)}, status, root, format, output, error, delay_ms, until_ms, resuming, generations,
      suspended)) n`;

/** The timeline rows of the CTE `u`; that a run is suspended with this is one entry more. */
const appendLast = (sql: Sql) => sql`, e AS (
    INSERT INTO workflow_run_events (run_id, org_id, first, entries)
    SELECT id, org_id, timeline_count - added + CASE WHEN status = 'suspended' THEN 0 ELSE 1 END,
      (CASE WHEN status = 'suspended'
        THEN left(entries, -1) || CASE WHEN added > 0 THEN ',' ELSE '' END || suspended || ']'
        ELSE entries END)::json
    FROM u WHERE status = 'suspended' OR added > 0
    RETURNING run_id, org_id, first, created_at
  ), o AS (${followLifecycle(sql)})`;

/** The parts of runs of which nothing is kept. */
function dropAllParts(sql: Sql, writes: readonly LastWrite[]) {
  const runIds = writes.flatMap(({ fence, leave }) =>
    leave.tree === null && leave.dropsParts ? [fence.runId] : [],
  );
  return runIds.length === 0
    ? sql``
    : sql`, a AS (
    DELETE FROM workflow_run_progress p USING u
    WHERE u.id = ANY(${runIds}::uuid[]) AND p.run_id = ANY (ARRAY[u.id]))`;
}

/**
 * Ends attempts: finished, parked for a timer, to be tried again, or handed over. No row for a run: its lease is lost.
 * @param writes one that wakes a parent comes alone: its parent's row is locked after its own
 */
export function leaveRuns(sql: Sql, writes: readonly LastWrite[]) {
  const wakesParent = writes.some(({ leave }) => leave.wakesParent);
  return sql<LeftRun[]>`
  WITH u AS (
    UPDATE workflow_runs r SET status = ${nextStatus(sql)}, status_since = now(), claimed_by = NULL,
      suspending = false, progress = n.root::json, format = GREATEST(r.format, n.format), output = n.output::json,
      error = n.error::json, resuming = (n.resuming = 1),
      next_attempt_at = CASE WHEN r.signalled AND n.status = 'waiting' THEN ${dueNow(sql)} ELSE COALESCE(
        now() + n.delay_ms * interval '1 millisecond', to_timestamp(n.until_ms / 1000)) END,
      generation = r.generation + n.generations,
      suspended_generation = CASE WHEN ${isSuspended(sql)} THEN r.generation + n.generations ELSE r.suspended_generation END,
      finished_at = CASE WHEN n.ends THEN GREATEST(now(), r.started_at) END,
      timeline_count = r.timeline_count + n.added + CASE WHEN ${isSuspended(sql)} THEN 1 ELSE 0 END,
      timeline_dropped = r.timeline_dropped + n.dropped
    FROM ${lastItems(sql, writes)}
    WHERE ${holds(sql)}
    RETURNING r.id, r.org_id, r.status, r.generation, r.format, r.next_attempt_at, r.timeline_count, r.parent_run_id,
      r.parent_awaits, n.added, n.entries, n.suspended
  ) ${appendLast(sql)}
  ${writeParts(
    sql,
    writes.map(({ fence, leave }) => ({ runId: fence.runId, tree: leave.tree })),
  )} ${dropAllParts(sql, writes)}
  ${wakesParent ? sql`, w AS (${wakeParent(sql)})` : sql``}
  SELECT u.id, u.status, u.generation, u.format, u.next_attempt_at,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM u.next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
    ${wakesParent ? sql`, ${wokenParent(sql)} FROM u LEFT JOIN w ON w.status = 'waiting'` : sql`FROM u`}`;
}
