/** A run's row as it is read, and the resource of contract section 3 made of it. */
import type { DslError, Json } from '../../engine/types.ts';
import { NEVER_MS } from '../../engine/unwind.ts';
import type { Sql } from '../client.ts';
import { toRfc3339 } from '../time.ts';

export type RunStatus = 'queued' | 'running' | 'waiting' | 'suspended' | 'succeeded' | 'failed' | 'cancelled';

export const RUN_STATUSES: readonly RunStatus[] = [
  'queued',
  'running',
  'waiting',
  'suspended',
  'succeeded',
  'failed',
  'cancelled',
];

export const isTerminal = (status: RunStatus): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';

/** Whether the next attempt lies at the end of time (`NEVER_MS`). */
const isNever = (at: string | null): boolean => at !== null && Date.parse(toRfc3339(at)) >= NEVER_MS;

/** Whether the run waits for a signal alone. */
export const waitsForSignal = ({
  status,
  next_attempt_at: at,
}: Pick<RunRow, 'status' | 'next_attempt_at'>): boolean => status === 'waiting' && isNever(at);

export interface RunRow {
  id: string;
  org_id: string;
  workflow_id: string;
  version: number;
  status: RunStatus;
  trigger: string;
  requested_by: string;
  priority: number;
  labels: Record<string, string>;
  input: Json;
  output: Json;
  error: DslError | null;
  attempt_count: number;
  max_attempts: number;
  next_attempt_at: string | null;
  lease: number;
  generation: number;
  format: number;
  suspending: boolean;
  accepted: boolean;
  resuming: boolean;
  timeline_count: number;
  created_at: string;
  status_since: string;
  started_at: string | null;
  finished_at: string | null;
  parent_run_id: string | null;
  rerun_of: string | null;
  schedule_id: string | null;
}

/** The run as callers see it. Times are RFC 3339 UTC with milliseconds, by the database's clock. */
export interface Run {
  id: string;
  orgId: string;
  workflowId: string;
  version: number;
  status: RunStatus;
  trigger: string;
  input: Json;
  output: Json;
  error: DslError | null;
  attemptCount: number;
  maxAttempts: number;
  nextAttemptAt: string | null;
  labels: Record<string, string>;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  requestedBy: string;
  /** The run whose `run: workflow` task started this one. */
  parentRunId?: string;
  /** The run that this one repeats. */
  rerunOf?: string;
  /** The schedule that started it. */
  scheduleId?: string;
}

/** The columns of `RunRow`, for SELECT and RETURNING. */
export const runColumns = (sql: Sql) => sql(COLUMNS.map((column) => `workflow_runs.${column}`));

const COLUMNS: readonly (keyof RunRow)[] = [
  'id',
  'org_id',
  'workflow_id',
  'version',
  'status',
  'trigger',
  'requested_by',
  'priority',
  'labels',
  'input',
  'output',
  'error',
  'attempt_count',
  'max_attempts',
  'next_attempt_at',
  'lease',
  'generation',
  'format',
  'suspending',
  'accepted',
  'resuming',
  'timeline_count',
  'created_at',
  'status_since',
  'started_at',
  'finished_at',
  'parent_run_id',
  'rerun_of',
  'schedule_id',
];

export const toRun = (row: RunRow): Run => ({
  id: row.id,
  orgId: row.org_id,
  workflowId: row.workflow_id,
  version: row.version,
  status: row.status,
  trigger: row.trigger,
  input: row.input,
  output: row.output,
  error: row.error,
  attemptCount: row.attempt_count,
  maxAttempts: row.max_attempts,
  // A suspended run may have waited for a signal; `startAt` of a queued one is the caller's, however late.
  nextAttemptAt:
    row.status !== 'queued' && isNever(row.next_attempt_at) ? null : toRfc3339(row.next_attempt_at),
  labels: row.labels,
  createdAt: toRfc3339(row.created_at),
  startedAt: toRfc3339(row.started_at),
  finishedAt: toRfc3339(row.finished_at),
  requestedBy: row.requested_by,
  ...(row.parent_run_id !== null && { parentRunId: row.parent_run_id }),
  ...(row.rerun_of !== null && { rerunOf: row.rerun_of }),
  ...(row.schedule_id !== null && { scheduleId: row.schedule_id }),
});
