/** The schedule of a workflow follows its newest version. */
import { bounded, type Database } from '../failure.ts';
import type { Sql } from '../client.ts';
import type { NewListener } from '../events/listeners.ts';
import type { Overlap, Trigger } from '../../schedules/spec.ts';

/** The database's clock, epoch milliseconds. */
export const findNow = (sql: Sql) => sql<{ now_ms: number }[]>`
  SELECT (EXTRACT(EPOCH FROM now()) * 1000)::float8 AS now_ms`;

/** Names the listeners of a schedule. */
const LISTENER_KEY = 'on';

/** The schedule of the version that is published. */
export interface NewSchedule {
  id: string;
  kind: Trigger['kind'];
  /** Serialised JSON of a `StoredSpec`. */
  specText: string;
  overlap: Overlap;
  /** RFC 3339, by the database's clock. */
  activatedAt: string;
  nextFireAt: string | null;
  listeners: readonly NewListener[];
}

/** The filters of schedules that are the rows `ids` of a statement, without those that are there. */
export const listenWith = (sql: Sql, listeners: readonly NewListener[], from: ReturnType<Sql>) => sql`
  INSERT INTO event_listeners (owner_id, owner, key, filter, org_id, type, correlate_from, correlate_value, condition)
  SELECT o.id, 'schedule', ${LISTENER_KEY}, n.filter, o.org_id, n.type, n.correlate_from, n.correlate_value,
    n.condition::json
  FROM (${from}) o CROSS JOIN unnest(
    ${listeners.map((listener) => listener.filter)}::int[],
    ${listeners.map((listener) => listener.type)}::text[],
    ${listeners.map((listener) => listener.correlateFrom)}::text[],
    ${listeners.map((listener) => listener.correlateValue)}::text[],
    ${listeners.map((listener) => listener.conditionText)}::text[]
  ) AS n (filter, type, correlate_from, correlate_value, condition)
  ON CONFLICT (owner_id, key, filter) DO UPDATE SET type = excluded.type, correlate_from = excluded.correlate_from,
    correlate_value = excluded.correlate_value, condition = excluded.condition`;

/**
 * Part of the statement that publishes, whose CTE `inserted` is the new version of a workflow: its schedule is that of
 * the version. One that fires at the same times as before keeps them, and stays paused; another one starts anew.
 */
const keepSchedule = (sql: Sql, orgId: string, workflowId: string, schedule: NewSchedule) => {
  const same = sql`(s.spec -> 'digest')::text = (excluded.spec -> 'digest')::text`;
  return sql`, scheduled AS (
      INSERT INTO schedules AS s
        (id, org_id, workflow_id, version, kind, spec, overlap, next_fire_at, created_at, updated_at)
      SELECT ${schedule.id}, ${orgId}, ${workflowId}, inserted.version, ${schedule.kind},
        ${schedule.specText}::text::json, ${schedule.overlap}, ${schedule.nextFireAt}::timestamptz,
        ${schedule.activatedAt}::timestamptz, ${schedule.activatedAt}::timestamptz
      FROM inserted
      ON CONFLICT (org_id, workflow_id) DO UPDATE SET version = excluded.version, kind = excluded.kind,
        spec = excluded.spec, overlap = excluded.overlap,
        next_fire_at = CASE WHEN ${same} THEN s.next_fire_at ELSE excluded.next_fire_at END,
        paused_at = CASE WHEN ${same} THEN s.paused_at END,
        updated_at = CASE WHEN ${same} THEN s.updated_at ELSE excluded.updated_at END
      RETURNING s.id, s.org_id, s.paused_at, s.updated_at
    ), listening AS (${listenWith(sql, schedule.listeners, sql`SELECT * FROM scheduled WHERE paused_at IS NULL`)}
    ), unheard AS (
      DELETE FROM event_listeners l USING scheduled
      WHERE l.owner_id = scheduled.id AND l.filter >= ${schedule.listeners.length}
    ), forgotten AS (
      DELETE FROM event_inbox i USING scheduled
      WHERE i.owner_id = scheduled.id AND scheduled.updated_at = ${schedule.activatedAt}::timestamptz
    )`;
};

/** The same for a version that has none. */
const dropSchedule = (sql: Sql, orgId: string, workflowId: string) => sql`, unscheduled AS (
      DELETE FROM schedules s USING inserted
      WHERE s.org_id = ${orgId} AND s.workflow_id = ${workflowId} RETURNING s.id
    ), unheard AS (DELETE FROM event_listeners l USING unscheduled u WHERE l.owner_id = u.id
    ), forgotten AS (DELETE FROM event_inbox i USING unscheduled u WHERE i.owner_id = u.id)`;

/** Part of the statement that publishes: more CTEs behind `inserted`, the new version. */
export const followVersion = (
  sql: Sql,
  { orgId, workflowId }: { orgId: string; workflowId: string },
  schedule: NewSchedule | null,
) =>
  schedule === null ? dropSchedule(sql, orgId, workflowId) : keepSchedule(sql, orgId, workflowId, schedule);

/** Ends the schedule of a workflow that is archived; again changes nothing. */
export async function removeSchedule(
  { sql, config }: Database,
  orgId: string,
  workflowId: string,
): Promise<void> {
  const query = sql`
    WITH gone AS (
      DELETE FROM schedules s USING workflows w
      WHERE s.org_id = ${orgId} AND s.workflow_id = ${workflowId}
        AND w.org_id = s.org_id AND w.id = s.workflow_id AND w.archived_at IS NOT NULL
      RETURNING s.id
    ), unheard AS (DELETE FROM event_listeners l USING gone g WHERE l.owner_id = g.id
    ), forgotten AS (DELETE FROM event_inbox i USING gone g WHERE i.owner_id = g.id)
    SELECT id FROM gone`;
  await bounded(query, config.databaseTimeoutMs);
}
