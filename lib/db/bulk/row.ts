/** A bulk operation's row, and the resource that is made of it. */
import type { Sql } from '../client.ts';
import type { RunStatus } from '../runs/row.ts';
import { toRfc3339 } from '../time.ts';

export type BulkAction = 'cancel' | 'rerun';
type BulkStatus = 'dry_run' | 'running' | 'completed' | 'aborted';

/** Which runs, as the caller says it and as it is stored. */
export interface BulkFilter {
  status?: RunStatus[] | undefined;
  workflowId?: string | undefined;
  version?: number | undefined;
  labels?: Record<string, string> | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** How runs are repeated; nothing for `cancel`. */
export interface BulkOptions {
  from?: 'start' | 'failed';
  version?: number;
}

export interface BulkRow {
  id: string;
  org_id: string;
  action: BulkAction;
  options: BulkOptions;
  filter: BulkFilter;
  status: BulkStatus;
  matched_count: number;
  processed_count: number;
  succeeded_count: number;
  skipped_count: number;
  /** The last run that was looked at; null at the beginning. */
  position: string | null;
  requested_by: string;
  created_at: string;
  finished_at: string | null;
}

/** The columns of `BulkRow`. */
export const bulkColumns = (sql: Sql) => sql`
  id, org_id, action, options, filter, status, matched_count, processed_count, succeeded_count, skipped_count, position,
  requested_by, created_at, finished_at`;

/** The operation as callers see it. Times are RFC 3339 UTC with milliseconds. */
export const toBulk = (row: BulkRow) => ({
  id: row.id,
  action: row.action,
  ...row.options,
  status: row.status,
  filter: row.filter,
  dryRun: row.status === 'dry_run',
  matchedCount: row.matched_count,
  processedCount: row.processed_count,
  succeededCount: row.succeeded_count,
  skippedCount: row.skipped_count,
  requestedBy: row.requested_by,
  createdAt: toRfc3339(row.created_at),
  finishedAt: toRfc3339(row.finished_at),
});
