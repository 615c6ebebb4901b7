/** Cancels runs: at once in the row; the worker that holds one stops within 2 s. */
import type { Config } from '../config.ts';
import type { Sql } from '../db/client.ts';
import { bounded } from '../db/failure.ts';
import { cancelRun } from '../db/runs/cancel.ts';
import { findAwaitedChildren } from '../db/runs/children.ts';
import type { RunRow } from '../db/runs/row.ts';
import { keys } from '../queue/connection.ts';
import type { Producer } from '../queue/producer.ts';
import type { EmitRunEvent } from '../telemetry/events.ts';
import { enqueueWoken } from './woken.ts';

export interface CancelDeps {
  sql: Sql;
  config: Config;
  queue: Producer;
  emit: EmitRunEvent;
}

/** Who cancels: for the timeline. */
export type CancelledBy = { by: string } | { reason: string };

/**
 * Cancels a run that has not ended, and wakes a parent that waits for it.
 * @returns its row; null when there was nothing to cancel
 */
export async function cancelOne(
  deps: CancelDeps,
  run: { orgId: string; id: string },
  by: CancelledBy,
): Promise<RunRow | null> {
  const { sql, config, queue } = deps;
  const entry = JSON.stringify([{ type: 'run_cancelled', at: new Date().toISOString(), ...by }]);
  const [row] = await bounded(cancelRun(sql, run.orgId, run.id, entry), config.databaseTimeoutMs);
  if (row === undefined) return null;
  deps.emit('workflow_run_cancelled', {
    orgId: row.org_id,
    workflowId: row.workflow_id,
    runId: row.id,
    version: row.version,
  });
  // Else the job of a run that was to start next year would lie in Redis until then.
  queue.discard(row.id, row.generation - 1);
  queue.redis.publish(keys(config.queueName).hints, row.id).catch(() => {});
  await enqueueWoken(deps, row.org_id, row);
  return row;
}

/**
 * Cancels the runs that a run has started and waits for, and theirs. A statement a run, so that no two of them wait
 * for each other's rows; what is cut off in between is done by the next cancel of the same run.
 */
export async function cancelChildren(deps: CancelDeps, runId: string): Promise<void> {
  let parents = [runId];
  while (parents.length > 0) {
    const query = findAwaitedChildren(deps.sql, parents);
    const children = await bounded(query, deps.config.databaseTimeoutMs);
    for (const { id, org_id: orgId } of children) {
      await cancelOne(deps, { orgId, id }, { reason: 'the run that started it was cancelled' });
    }
    parents = children.map(({ id }) => id);
  }
}
