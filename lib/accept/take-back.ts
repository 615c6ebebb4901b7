/** Step 6 of design section 3: the queue did not take the runs, so their rows are taken back. */
import { bounded, isDatabaseUnavailable } from '../db/failure.ts';
import { findOwnRuns, removeUnaccepted } from '../db/runs/insert.ts';
import type { Deps } from '../deps.ts';
import { outcomeUnknown, queueUnavailable, refused, type AcceptResult } from './outcome.ts';

/**
 * Removes the rows nobody has started. Sent once: a second delete after an unknown first could remove a row
 * whose caller was told that it stands.
 * @returns by run id: refused with QUEUE_UNAVAILABLE (the row is gone), accepted (a worker or a replay was
 * faster), or refused with ENQUEUE_OUTCOME_UNKNOWN (the delete was cut off or failed).
 */
export async function takeBack(
  deps: Deps,
  runIds: readonly string[],
  reason: string,
): Promise<Map<string, AcceptResult>> {
  const results = new Map<string, AcceptResult>();
  if (runIds.length === 0) return results;
  const removal = removeUnaccepted(deps.sql, runIds);
  try {
    for (const { id } of await bounded(removal, deps.config.databaseTimeoutMs)) {
      results.set(id, refused(queueUnavailable(reason)));
    }
    const left = runIds.filter((id) => !results.has(id));
    if (left.length === 0) return results;
    const rows = await bounded(findOwnRuns(deps.sql, left), deps.config.databaseTimeoutMs);
    for (const row of rows) results.set(row.id, { kind: 'accepted', row, replayed: false });
    for (const id of left) if (!results.has(id)) results.set(id, refused(queueUnavailable(reason)));
  } catch (error) {
    // Whatever it was, the rows that are left stand or are gone, and a 500 would promise nothing about them.
    if (!isDatabaseUnavailable(error)) deps.log.error({ err: error }, 'taking back runs failed');
    for (const id of runIds) if (!results.has(id)) results.set(id, refused(outcomeUnknown(id, error)));
  }
  return results;
}
