/** What orgs may use. A limit that is null does not bind; an org without a row has none. */
import type { Sql } from './client.ts';
import { bounded, type Database } from './failure.ts';
import { isActive } from './runs/open.ts';

export interface OrgLimits {
  /** Runs that are executed at the same time. */
  maxRunsInFlight: number | null;
  /** Runs in status `queued`. */
  maxRunsQueued: number | null;
  maxRequestsPerMinute: number | null;
}

export interface LimitsRow {
  max_runs_in_flight: number | null;
  max_runs_queued: number | null;
  max_requests_per_minute: number | null;
}

/** @param row undefined: the org has none */
export const toLimits = (row: LimitsRow | undefined): OrgLimits => ({
  maxRunsInFlight: row?.max_runs_in_flight ?? null,
  maxRunsQueued: row?.max_runs_queued ?? null,
  maxRequestsPerMinute: row?.max_requests_per_minute ?? null,
});

/** The limits of an org. */
export async function findLimits({ sql, config }: Database, orgId: string): Promise<OrgLimits> {
  const query = sql<LimitsRow[]>`
    SELECT max_runs_in_flight, max_runs_queued, max_requests_per_minute FROM org_limits WHERE org_id = ${orgId}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return toLimits(row);
}

/** Sets some limits of an org; what is undefined stays. @returns all of them afterwards */
export async function changeLimits(
  { sql, config }: Database,
  orgId: string,
  changes: { [Name in keyof OrgLimits]?: OrgLimits[Name] | undefined },
): Promise<OrgLimits> {
  const { maxRunsInFlight, maxRunsQueued, maxRequestsPerMinute } = changes;
  const query = sql<LimitsRow[]>`
    INSERT INTO org_limits AS l (org_id, max_runs_in_flight, max_runs_queued, max_requests_per_minute)
    VALUES (${orgId}, ${maxRunsInFlight ?? null}, ${maxRunsQueued ?? null}, ${maxRequestsPerMinute ?? null})
    ON CONFLICT (org_id) DO UPDATE SET
      max_runs_in_flight = CASE WHEN ${maxRunsInFlight === undefined} THEN l.max_runs_in_flight ELSE EXCLUDED.max_runs_in_flight END,
      max_runs_queued = CASE WHEN ${maxRunsQueued === undefined} THEN l.max_runs_queued ELSE EXCLUDED.max_runs_queued END,
      max_requests_per_minute = CASE WHEN ${maxRequestsPerMinute === undefined} THEN l.max_requests_per_minute ELSE EXCLUDED.max_requests_per_minute END,
      updated_at = now()
    RETURNING max_runs_in_flight, max_runs_queued, max_requests_per_minute`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return toLimits(row);
}

/** The limits of runs in flight, for workers; orgs without one are left out. */
export const inFlightLimits = (sql: Sql, orgIds: readonly string[]) => sql<
  { org_id: string; max_runs_in_flight: number }[]
>`
  SELECT org_id, max_runs_in_flight FROM org_limits
  WHERE org_id = ANY(${[...orgIds]}::uuid[]) AND max_runs_in_flight IS NOT NULL`;

/** How many runs of the org are queued, counted up to `max`. */
export const countQueued = (sql: Sql, orgId: string, max: number) => sql<{ count: number }[]>`
  SELECT count(*)::int AS count FROM (
    SELECT 1 FROM workflow_runs WHERE org_id = ${orgId} AND status = 'queued' AND ${isActive(sql)} LIMIT ${max}
  ) queued`;
