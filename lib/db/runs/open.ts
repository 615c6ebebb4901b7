/**
 * Where the runs that have not ended are found. Each of these conditions is word for word that of an index (schema/runs.ts),
 * and none of them changes when a run is claimed or checkpointed: such an update touches no index (HOT).
 */
import type { Sql } from '../client.ts';

/**
 * Neither `waiting` nor suspended: queued and running runs. To be repeated by every statement that looks for those by
 * anything but their id.
 */
export const isActive = (
  sql: Sql,
) => sql`finished_at IS NULL AND NOT (resuming AND next_attempt_at IS NOT NULL)
  AND suspended_generation IS DISTINCT FROM generation`;

/** Waits for a time, or a signal, to go on. */
export const isResting = (sql: Sql) => sql`finished_at IS NULL AND resuming AND next_attempt_at IS NOT NULL
  AND suspended_generation IS DISTINCT FROM generation`;
