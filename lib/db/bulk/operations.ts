/** Bulk operations as callers start, read and abort them. */
import { bounded, type Database } from '../failure.ts';
import { bulkColumns, type BulkAction, type BulkFilter, type BulkOptions, type BulkRow } from './row.ts';

export interface NewBulk {
  id: string;
  orgId: string;
  action: BulkAction;
  options: BulkOptions;
  filter: BulkFilter;
  /** Nothing is done, only counted. */
  dryRun: boolean;
  matchedCount: number;
  requestedBy: string;
}

/**
 * Stores an operation. One that only counts, or has nothing to do, is over at once.
 * @param maxRunning of the org, so that one caller cannot keep all others waiting
 * @returns null when the org has as many under way
 */
export async function insertBulk(
  { sql, config }: Database,
  bulk: NewBulk,
  maxRunning: number,
): Promise<BulkRow | null> {
  const isEmpty = bulk.matchedCount === 0;
  const status = bulk.dryRun ? 'dry_run' : isEmpty ? 'completed' : 'running';
  const query = sql<BulkRow[]>`
    INSERT INTO bulk_operations (id, org_id, action, options, filter, status, matched_count, requested_by, finished_at)
    SELECT ${bulk.id}::uuid, ${bulk.orgId}::uuid, ${bulk.action}, ${JSON.stringify(bulk.options)}::text::json,
      ${JSON.stringify(bulk.filter)}::text::json, ${status}, ${bulk.matchedCount}::int, ${bulk.requestedBy},
      CASE WHEN ${status !== 'running'} THEN now() END
    WHERE ${status !== 'running'} OR (
      SELECT count(*) FROM bulk_operations WHERE status = 'running' AND org_id = ${bulk.orgId}) < ${maxRunning}
    RETURNING ${bulkColumns(sql)}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return row ?? null;
}

/** The operation; null when the org has none of that id. */
export async function findBulk(
  { sql, config }: Database,
  orgId: string,
  id: string,
): Promise<BulkRow | null> {
  const query = sql<BulkRow[]>`
    SELECT ${bulkColumns(sql)} FROM bulk_operations WHERE org_id = ${orgId} AND id = ${id}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return row ?? null;
}

/** The org's operations, newest first: at most `limit` with an id before `before`. */
export function listBulk(
  { sql, config }: Database,
  orgId: string,
  { limit, before }: { limit: number; before: string | null },
): Promise<BulkRow[]> {
  const query = sql<BulkRow[]>`
    SELECT ${bulkColumns(sql)} FROM bulk_operations
    WHERE org_id = ${orgId} ${before === null ? sql`` : sql`AND id < ${before}::uuid`}
    ORDER BY id DESC LIMIT ${limit}`;
  return bounded(query, config.databaseTimeoutMs);
}

/** Aborts an operation that is under way; null when none is. */
export async function abortBulk(
  { sql, config }: Database,
  orgId: string,
  id: string,
): Promise<BulkRow | null> {
  const query = sql<BulkRow[]>`
    UPDATE bulk_operations SET status = 'aborted', finished_at = GREATEST(now(), created_at)
    WHERE org_id = ${orgId} AND id = ${id} AND status = 'running'
    RETURNING ${bulkColumns(sql)}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return row ?? null;
}
