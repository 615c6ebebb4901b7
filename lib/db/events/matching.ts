/** Which listeners an event may be for: found by its type and by the values that listeners correlate by. */
import type { PendingQuery, Row } from 'postgres';
import type { Sql } from '../client.ts';

/** A part of a statement. */
type Fragment = PendingQuery<Row[]>;

/** Events of one org and one type. */
export interface EventClass {
  orgId: string;
  type: string;
}

/** That there are listeners of the org for events of that type (null: of more than one) that correlate so, or not. */
export interface CorrelationRow {
  org_id: string;
  type: string | null;
  correlate_from: string | null;
}

/** Of the listeners of `of`, which has `org_id`: the first expression after `after`, by the index. */
const nextFrom = (sql: Sql, type: Fragment, after: Fragment) => sql`
  SELECT l.correlate_from FROM event_listeners l
  WHERE l.org_id = k.org_id AND l.type ${type} AND l.correlate_from ${after}
  ORDER BY l.type, l.correlate_from LIMIT 1`;

/**
 * By which expressions anybody listens for these events. The index is skipped through from one expression to the next:
 * ten thousand listeners of one workflow cost what one costs.
 */
export const findCorrelations = (sql: Sql, classes: readonly EventClass[]) => {
  const ofType = sql`= k.type`;
  const ofAny = sql`IS NULL`;
  const first = sql`IS NOT NULL`;
  const next = sql`> k.correlate_from`;
  return sql<CorrelationRow[]>`
    WITH RECURSIVE classes AS (
      SELECT * FROM unnest(
        ${classes.map(({ orgId }) => orgId)}::uuid[], ${classes.map(({ type }) => type)}::text[]
      ) AS n (org_id, type)
    ), typed AS (
      SELECT k.org_id, k.type, f.correlate_from FROM classes k CROSS JOIN LATERAL (${nextFrom(sql, ofType, first)}) f
      UNION ALL
      SELECT k.org_id, k.type, f.correlate_from FROM typed k CROSS JOIN LATERAL (${nextFrom(sql, ofType, next)}) f
    ), orgs_asked AS (
      SELECT DISTINCT org_id FROM classes
    ), untyped AS (
      SELECT k.org_id, f.correlate_from FROM orgs_asked k CROSS JOIN LATERAL (${nextFrom(sql, ofAny, first)}) f
      UNION ALL
      SELECT k.org_id, f.correlate_from FROM untyped k CROSS JOIN LATERAL (${nextFrom(sql, ofAny, next)}) f
    )
    SELECT org_id, type, correlate_from FROM typed
    UNION ALL SELECT org_id, NULL, correlate_from FROM untyped
    UNION ALL SELECT org_id, type, NULL FROM classes k WHERE EXISTS (
      SELECT FROM event_listeners l WHERE l.org_id = k.org_id AND l.type = k.type AND l.correlate_from IS NULL)
    UNION ALL SELECT org_id, NULL, NULL FROM orgs_asked k WHERE EXISTS (
      SELECT FROM event_listeners l WHERE l.org_id = k.org_id AND l.type IS NULL AND l.correlate_from IS NULL)`;
};

/** A filter that an event may pass. */
export interface CandidateRow {
  owner_id: string;
  owner: 'run' | 'schedule';
  key: string;
  filter: number;
  /** The filter's JSON text. */
  condition: string;
}

/** The key by which candidates are read page by page. */
export type CandidateKey = Pick<CandidateRow, 'owner_id' | 'key' | 'filter'>;

export interface CandidateQuery extends EventClass {
  /** What the event has for each expression that anybody correlates by: SHA-256 in hex. */
  correlations: readonly { from: string; value: string }[];
  after: CandidateKey | null;
  limit: number;
}

/** Filters for events of that type without a correlation, or with one that the event has the value for. */
export const findCandidates = (sql: Sql, { orgId, type, correlations, after, limit }: CandidateQuery) => {
  const columns = sql`l.owner_id, l.owner, l.key, l.filter, l.condition`;
  const rest =
    after === null
      ? sql``
      : sql`AND (l.owner_id, l.key, l.filter) > (${after.owner_id}::uuid, ${after.key}, ${after.filter}::int)`;
  const plain = (ofType: Fragment) => sql`
    SELECT ${columns} FROM event_listeners l
    WHERE l.org_id = ${orgId} AND l.type ${ofType} AND l.correlate_from IS NULL ${rest}`;
  const correlated = (ofType: Fragment) => sql`
    SELECT ${columns} FROM v JOIN event_listeners l
      ON l.org_id = ${orgId} AND l.type ${ofType} AND l.correlate_from = v.expression AND l.correlate_value = v.value
    WHERE true ${rest}`;
  const [ofType, ofAny] = [sql`= ${type}`, sql`IS NULL`];
  return sql<CandidateRow[]>`
    WITH v AS (
      SELECT * FROM unnest(
        ${correlations.map(({ from }) => from)}::text[], ${correlations.map(({ value }) => value)}::text[]
      ) AS n (expression, value)
    )
    SELECT owner_id, owner, key, filter, condition::text AS condition FROM (
      ${plain(ofType)} UNION ALL ${plain(ofAny)} UNION ALL ${correlated(ofType)} UNION ALL ${correlated(ofAny)}
    ) c
    ORDER BY owner_id, key, filter
    LIMIT ${limit}`;
};
