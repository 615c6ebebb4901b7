/**
 * The pages of bulk operations, from the newest run to the oldest.
 *
 * 1. A page looks at a bounded number of runs, however few of them match.
 * 2. The position moves by compare-and-swap, in the statement that counts: each page counts once, whoever repeats it.
 */
import type { Sql } from '../client.ts';
import { wakeParent, wokenParent, type WokenParent } from '../runs/children.ts';
import { cancelPicked, type CancelledRun } from '../runs/cancel-children.ts';
import { belongs, matches, type RunFilter } from '../runs/filter.ts';
import type { RunStatus } from '../runs/row.ts';
import { bulkColumns, type BulkRow } from './row.ts';

/** Runs that one statement looks at, and those of them that it takes. */
const LOOKED_ROWS = 5000;
export const PAGE_RUNS = 100;

const looked = (sql: Sql, filter: RunFilter, before: string | null, limit: number) => sql`
  SELECT id, status, version, labels, created_at FROM workflow_runs
  WHERE ${belongs(sql, filter)} ${before === null ? sql`` : sql`AND id < ${before}::uuid`}
  ORDER BY id DESC LIMIT ${limit}`;

export interface CountedPage {
  matched: number;
  /** Where the next page begins; null: there are no more runs. */
  last: string | null;
}

/** How many of the next runs match. */
export const countPage = (sql: Sql, filter: RunFilter, before: string | null, limit: number) => sql<
  CountedPage[]
>`
  WITH looked AS (${looked(sql, filter, before, limit)})
  SELECT (count(*) FILTER (WHERE ${matches(sql, filter)}))::int AS matched,
    (SELECT id FROM looked ORDER BY id LIMIT 1) AS last
  FROM looked`;

/** The operation whose turn it is after that of `after`; the orgs' operations take turns by their ids. */
export const findNextBulk = (sql: Sql, after: string | null, exceptIds: readonly string[]) => sql<BulkRow[]>`
  SELECT ${bulkColumns(sql)} FROM bulk_operations
  WHERE status = 'running' AND id <> ALL(${[...exceptIds]}::uuid[])
  ORDER BY (${after}::uuid IS NULL OR id > ${after}::uuid) DESC, id LIMIT 1`;

export interface BulkPage {
  /** Newest first. */
  runs: { id: string; status: RunStatus }[];
  /** Where the page ends; null: there are no more runs. */
  position: string | null;
}

/** The next page of an operation: runs that were there when it began. @param limit of its runs, at most PAGE_RUNS */
export const findBulkPage = (sql: Sql, bulk: BulkRow, filter: RunFilter, limit: number) => sql<BulkPage[]>`
  WITH looked AS (${looked(sql, filter, bulk.position, LOOKED_ROWS)}
  ), matched AS (
    SELECT id, status FROM looked WHERE ${matches(sql, filter)} AND created_at <= ${bulk.created_at}::timestamptz
    ORDER BY id DESC LIMIT ${limit}
  )
  SELECT COALESCE((
      SELECT json_agg(json_build_object('id', id, 'status', status) ORDER BY id DESC) FROM matched), '[]') AS runs,
    CASE WHEN (SELECT count(*) FROM matched) = ${limit} THEN (SELECT id FROM matched ORDER BY id LIMIT 1)
      ELSE (SELECT id FROM looked ORDER BY id LIMIT 1) END AS position`;

/** Cancels a page, counts it and moves on, unless the operation was aborted or somebody else has done the page. */
export const cancelBulkPage = (
  sql: Sql,
  bulk: BulkRow,
  { runs, position }: BulkPage,
  { statuses, entryText }: { statuses: readonly RunStatus[]; entryText: string },
) => sql<(CancelledRun & WokenParent)[]>`
  WITH bulk AS (
    SELECT id FROM bulk_operations
    WHERE id = ${bulk.id} AND status = 'running' AND position IS NOT DISTINCT FROM ${bulk.position}::uuid
    FOR UPDATE
  ), picked AS (
    SELECT id FROM workflow_runs
    WHERE EXISTS (SELECT FROM bulk) AND org_id = ${bulk.org_id}
      AND id = ANY(${runs.map(({ id }) => id)}::uuid[]) AND status = ANY(${[...statuses]}::text[])
    ORDER BY id DESC FOR UPDATE
  ), ${cancelPicked(sql, entryText)}, b AS (
    UPDATE bulk_operations b SET position = ${position}::uuid, processed_count = processed_count + ${runs.length},
      succeeded_count = succeeded_count + (SELECT count(*) FROM cancelled),
      skipped_count = skipped_count + ${runs.length} - (SELECT count(*) FROM cancelled)
    FROM bulk WHERE b.id = bulk.id
  ), u AS (
    -- A statement changes a row once: a parent that is cancelled here need not be woken.
    SELECT * FROM cancelled c WHERE NOT EXISTS (SELECT FROM cancelled p WHERE p.id = c.parent_run_id)
  ), w AS (${wakeParent(sql)})
  SELECT c.id, c.org_id, c.workflow_id, c.version, c.generation, ${wokenParent(sql)}
  FROM cancelled c LEFT JOIN w ON w.status = 'waiting' AND w.id = c.parent_run_id AND c.parent_awaits`;

/**
 * Runs that the page which ends at the operation's position has cancelled, and perhaps others: whether their children
 * were cancelled too is not known after a crash.
 */
export const findLastCancelled = (sql: Sql, bulk: BulkRow, filter: RunFilter) => sql<{ id: string }[]>`
  SELECT id FROM (
    SELECT id, status, finished_at FROM workflow_runs
    WHERE ${belongs(sql, filter)} AND id >= ${bulk.position}::uuid
    ORDER BY id LIMIT ${LOOKED_ROWS}
  ) looked
  WHERE status = 'cancelled' AND finished_at >= ${bulk.created_at}::timestamptz`;

/** Counts a page that was done and moves on; also when it was aborted meanwhile, but once. */
export const countBulkPage = (
  sql: Sql,
  bulk: BulkRow,
  { runs, position }: BulkPage,
  succeededCount: number,
) => sql`
  UPDATE bulk_operations SET position = ${position}::uuid, processed_count = processed_count + ${runs.length},
    succeeded_count = succeeded_count + ${succeededCount},
    skipped_count = skipped_count + ${runs.length - succeededCount}
  WHERE id = ${bulk.id} AND status IN ('running', 'aborted')
    AND position IS NOT DISTINCT FROM ${bulk.position}::uuid`;

/** There are no more runs. */
export const completeBulk = (sql: Sql, bulk: BulkRow) => sql`
  UPDATE bulk_operations SET status = 'completed', finished_at = GREATEST(now(), created_at)
  WHERE id = ${bulk.id} AND status = 'running' AND position IS NOT DISTINCT FROM ${bulk.position}::uuid`;
