/** The life of runs, for orgs that follow it: noted with the timeline, turned into CloudEvents later. */
import type { Sql } from '../client.ts';

/**
 * Part of a statement whose CTE `e` appends to the timeline and returns `run_id, org_id, first, created_at`: notes the
 * rows of orgs that have a subscription to lifecycle events.
 */
export const followLifecycle = (sql: Sql) => sql`
  INSERT INTO lifecycle_outbox (run_id, org_id, first, created_at)
  SELECT e.run_id, e.org_id, e.first, e.created_at FROM e
  WHERE EXISTS (
    SELECT 1 FROM event_subscriptions s WHERE s.org_id = e.org_id AND s.lifecycle AND s.disabled_at IS NULL)`;
