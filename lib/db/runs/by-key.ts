/** Statements about many runs at once find each by its primary key, whatever the planner believes of the table. */
import type { Sql } from '../client.ts';

/**
 * Joins the row `r` of `workflow_runs` to an item `n` with its `id`. As `=`, the table could be hashed and read whole. What a
 * statement says of `r.status` beside it stands in a `CASE`: with old statistics the planner takes a partial index on
 * the status for empty, and would read every queued run for each batch. So rows are also locked in the order of the items.
 */
export const byKey = (sql: Sql) => sql`r.id = ANY (ARRAY[n.id])`;
