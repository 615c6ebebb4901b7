/** An attempt's writes. Each is fenced on its lease and carries the timeline entries gathered since the last. */
import type { Sql } from '../client.ts';
import { dueNow, wakeParent, wokenParent, type WokenParent } from './children.ts';

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

type LeaveStatus = 'queued' | 'waiting' | 'succeeded' | 'failed';

/** How an attempt lets go of its run. */
export interface Leave {
  status: LeaveStatus;
  /** Serialised; null where there is none. A terminal row keeps no progress. */
  progressText: string | null;
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
}

const appendTimeline = (sql: Sql, fence: Fence, batch: TimelineBatch) => sql`
  INSERT INTO workflow_run_events (run_id, org_id, first, entries)
  SELECT ${fence.runId}, ${fence.orgId}, u.timeline_count - ${batch.count} + 1, ${batch.entriesText}::text::json
  FROM u WHERE ${batch.count} > 0`;

/** Writes the progress tree. No row: the lease is lost (or see `findOwnWrite`). */
export const writeCheckpoint = (sql: Sql, fence: Fence, progressText: string, batch: TimelineBatch) => sql<
  { lease: number }[]
>`
  WITH u AS (
    UPDATE workflow_runs SET progress = ${progressText}::text::json,
      timeline_count = timeline_count + ${batch.count}, timeline_dropped = timeline_dropped + ${batch.dropped}
    WHERE id = ${fence.runId} AND lease = ${fence.lease} AND status = 'running'
      AND timeline_count = ${fence.timelineCount} AND timeline_dropped = ${fence.timelineDropped}
    RETURNING lease, timeline_count
  ), e AS (${appendTimeline(sql, fence, batch)})
  SELECT lease FROM u`;

export interface LeftRun extends Partial<WokenParent> {
  generation: number;
  next_attempt_at: string | null;
  delay_ms: number;
}

/** Ends the attempt: finished, parked for a timer, to be tried again, or handed over. No row: the lease is lost. */
export const leaveRun = (sql: Sql, fence: Fence, leave: Leave, batch: TimelineBatch) => sql<LeftRun[]>`
  WITH u AS (
    UPDATE workflow_runs SET status = ${leave.status}, status_since = now(), claimed_by = NULL,
      progress = ${leave.progressText}::text::json, output = ${leave.outputText}::text::json,
      error = ${leave.errorText}::text::json, resuming = ${leave.resuming},
      next_attempt_at = CASE WHEN signalled AND ${leave.status} = 'waiting' THEN ${dueNow(sql)} ELSE COALESCE(
        now() + ${leave.delayMs}::float8 * interval '1 millisecond',
        to_timestamp(${leave.untilMs}::float8 / 1000)) END,
      generation = generation + ${leave.newGeneration ? 1 : 0},
      finished_at = CASE WHEN ${leave.status} IN ('succeeded', 'failed') THEN GREATEST(now(), started_at) END,
      timeline_count = timeline_count + ${batch.count}, timeline_dropped = timeline_dropped + ${batch.dropped}
    WHERE id = ${fence.runId} AND lease = ${fence.lease} AND status = 'running'
      AND timeline_count = ${fence.timelineCount} AND timeline_dropped = ${fence.timelineDropped}
    RETURNING generation, next_attempt_at, timeline_count, parent_run_id, parent_awaits
  ), e AS (${appendTimeline(sql, fence, batch)})
  ${leave.wakesParent ? sql`, w AS (${wakeParent(sql)})` : sql``}
  SELECT u.generation, u.next_attempt_at,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM u.next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
    ${leave.wakesParent ? sql`, ${wokenParent(sql)} FROM u LEFT JOIN w ON w.status = 'waiting'` : sql`FROM u`}`;

export interface OwnWrite extends LeftRun {
  lease: number;
  status: string;
  timeline_count: number;
  timeline_dropped: number;
}

/** After a write whose outcome is not known: the row as it stands, to see whether the write landed. */
export const findOwnWrite = (sql: Sql, runId: string) => sql<OwnWrite[]>`
  SELECT lease, status, timeline_count, timeline_dropped::float8 AS timeline_dropped, generation, next_attempt_at,
    GREATEST(0, COALESCE(EXTRACT(EPOCH FROM next_attempt_at - now()) * 1000, 0))::float8 AS delay_ms
  FROM workflow_runs WHERE id = ${runId}`;
