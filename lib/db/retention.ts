/**
 * What is older than it is kept, removed in batches of bounded cost. Ids are UUIDv7, so their order is that of age: a
 * batch is a range of the primary key, and no index is needed for it.
 */
import type { Sql } from './client.ts';

/** Rows that a statement looks at. */
const LOOKED_ROWS = 500;
/** Rows that a statement removes, together with what belongs to them. */
const MAX_COST = 10_000;
/** Of a value that Postgres keeps outside its row: it is stored in pieces of some 2,000 bytes. */
const PIECE_BYTES = 2000;
/** How long an idempotency key names its run (lib/db/runs/insert.ts). */
const KEY_LIFETIME_HOURS = 24;

/** Where a pass stands: the id that it has come to; null: its beginning or, answered, its end. */
export type Place = string | null;
export interface Batch {
  place: Place;
}

const before = (sql: Sql, hours: number) => sql`now() - make_interval(hours => ${hours})`;

/** The least UUIDv7 (RFC 9562, section 5.7) of so many hours ago. */
const idBefore = (sql: Sql, hours: number) => sql`(
  lpad(to_hex((EXTRACT(EPOCH FROM ${before(sql, hours)}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;

const afterPlace = (sql: Sql, place: Place) => (place === null ? sql`` : sql`AND id > ${place}::uuid`);

const bytes = (sql: Sql, column: string) => sql`COALESCE(pg_column_size(${sql(column)}), 0)`;

/**
 * CTEs `batch`, the ids of those of `looked` that are old (`id, cost` in `old`) up to MAX_COST, at least one; and
 * `reached`, where the next batch begins.
 */
const batchOf = (sql: Sql) => sql`
  costs AS (SELECT id, sum(cost) OVER (ORDER BY id) - cost AS before FROM old
  ), batch AS (SELECT id FROM costs WHERE before < ${MAX_COST}
  ), reached AS (
    SELECT CASE WHEN EXISTS (SELECT FROM costs WHERE before >= ${MAX_COST})
      THEN (SELECT id FROM batch ORDER BY id DESC LIMIT 1)
      ELSE (SELECT id FROM looked ORDER BY id DESC LIMIT 1) END AS place
  )`;

/**
 * Removes runs that ended more than `hours` ago, with all that belongs to them. A child stays until its parent has ended,
 * which may still ask for its result. Notes in `lifecycle_outbox` are another pass.
 */
export const expireRuns = (sql: Sql, place: Place, hours: number) => sql<Batch[]>`
  WITH looked AS (
    SELECT id, parent_run_id, finished_at,
      1 + timeline_count + (${bytes(sql, 'input')} + ${bytes(sql, 'output')} + ${bytes(sql, 'progress')}) / ${PIECE_BYTES} AS cost
    FROM workflow_runs WHERE id < ${idBefore(sql, hours)} ${afterPlace(sql, place)}
    ORDER BY id LIMIT ${LOOKED_ROWS}
  ), old AS (
    SELECT id, cost FROM looked l WHERE finished_at < ${before(sql, hours)}
      AND NOT EXISTS (SELECT FROM workflow_runs p WHERE p.id = l.parent_run_id AND p.finished_at IS NULL)
  ), ${batchOf(sql)}, gone AS (
    DELETE FROM workflow_runs r USING batch WHERE r.id = batch.id AND r.finished_at < ${before(sql, hours)}
    RETURNING r.id
  ), t AS (DELETE FROM workflow_run_events t USING gone WHERE t.run_id = gone.id
  ), p AS (DELETE FROM workflow_run_progress p USING gone WHERE p.run_id = gone.id
  ), l AS (DELETE FROM event_listeners l USING gone WHERE l.owner_id = gone.id
  ), i AS (DELETE FROM event_inbox i USING gone WHERE i.owner_id = gone.id)
  SELECT place FROM reached`;

/** Removes events that were dispatched, that nobody holds, and whose deliveries are over: these go with them. */
export const expireEvents = (sql: Sql, place: Place, hours: number) => sql<Batch[]>`
  WITH looked AS (
    SELECT id, created_at, dispatched_at, 1 + ${bytes(sql, 'envelope')} / ${PIECE_BYTES} AS cost FROM events
    WHERE id < ${idBefore(sql, hours)} ${afterPlace(sql, place)}
    ORDER BY id LIMIT ${LOOKED_ROWS}
  ), old AS (
    SELECT id, cost FROM looked l
    WHERE created_at < ${before(sql, hours)} AND dispatched_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM event_inbox i WHERE i.event_id = l.id)
      AND NOT EXISTS (SELECT FROM event_deliveries d WHERE d.event_id = l.id AND d.next_attempt_at IS NOT NULL)
  ), ${batchOf(sql)}, gone AS (DELETE FROM events e USING batch WHERE e.id = batch.id RETURNING e.id
  ), d AS (DELETE FROM event_deliveries d USING gone WHERE d.event_id = gone.id)
  SELECT place FROM reached`;

/** Removes bulk operations that are over. */
export const expireBulk = (sql: Sql, place: Place, hours: number) => sql<Batch[]>`
  WITH looked AS (
    SELECT id, finished_at FROM bulk_operations WHERE id < ${idBefore(sql, hours)} ${afterPlace(sql, place)}
    ORDER BY id LIMIT ${LOOKED_ROWS}
  ), gone AS (
    DELETE FROM bulk_operations b USING looked l WHERE b.id = l.id AND l.finished_at < ${before(sql, hours)}
  )
  SELECT (SELECT id FROM looked ORDER BY id DESC LIMIT 1) AS place`;

/** Removes notes that never became lifecycle events. Their place is unneeded: what is found goes. */
export const expireNotes = (sql: Sql, hours: number) => sql<{ gone: number }[]>`
  WITH old AS (
    SELECT created_at, run_id, first FROM lifecycle_outbox WHERE created_at < ${before(sql, hours)}
    ORDER BY created_at, run_id, first LIMIT ${LOOKED_ROWS}
  ), gone AS (
    DELETE FROM lifecycle_outbox o USING old
    WHERE o.created_at = old.created_at AND o.run_id = old.run_id AND o.first = old.first RETURNING 1
  )
  SELECT count(*)::int AS gone FROM gone`;

/** Frees idempotency keys whose time is over. A run that somebody works on is left alone: its key is freed when it is used. */
export const expireKeys = (sql: Sql, place: Place) => sql<Batch[]>`
  WITH looked AS (
    SELECT id, idempotency_key IS NOT NULL AND created_at < ${before(sql, KEY_LIFETIME_HOURS)} AS expired
    FROM workflow_runs WHERE id < ${idBefore(sql, KEY_LIFETIME_HOURS)} ${afterPlace(sql, place)}
    ORDER BY id LIMIT ${LOOKED_ROWS}
  ), old AS (
    SELECT id FROM workflow_runs WHERE id IN (SELECT id FROM looked WHERE expired) ORDER BY id FOR UPDATE SKIP LOCKED
  ), freed AS (
    UPDATE workflow_runs r SET idempotency_key = NULL, idempotency_digest = NULL FROM old WHERE r.id = old.id
  )
  SELECT (SELECT id FROM looked ORDER BY id DESC LIMIT 1) AS place`;
