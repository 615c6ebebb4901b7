/** Suspends runs: at once one that waits; a running one when its worker comes to the next task. */
import { bounded } from '../db/failure.ts';
import { suspendRun } from '../db/runs/suspend.ts';
import type { RunRow } from '../db/runs/row.ts';
import { keys } from '../queue/connection.ts';
import type { CancelDeps } from './cancel.ts';

/** What suspend, resume and cancel need. */
export type ControlDeps = CancelDeps;

/**
 * Suspends a run that is queued or waiting, or asks the worker that runs it to stop before the next task. Needs no queue.
 * @param by id of the API key, for the timeline
 * @returns its row as it stands then; null when there was nothing to do
 */
export async function suspendOne(
  deps: ControlDeps,
  run: { orgId: string; id: string },
  by: string,
): Promise<RunRow | null> {
  const { sql, config, queue } = deps;
  const entry = JSON.stringify([{ type: 'run_suspended', at: new Date().toISOString(), by }]);
  const [row] = await bounded(suspendRun(sql, run.orgId, run.id, entry), config.databaseTimeoutMs);
  if (row === undefined) return null;
  if (row.status === 'suspended') {
    deps.emit('workflow_run_suspended', {
      orgId: row.org_id,
      workflowId: row.workflow_id,
      runId: row.id,
      version: row.version,
    });
    // Else it would lie in Redis until the run was due.
    queue.discard(row.id, row.generation - 1);
    queue.redis.publish(keys(config.queueName).hints, row.id).catch(() => {});
  }
  return row;
}
