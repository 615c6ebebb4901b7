/** Lets suspended runs go on. */
import { bounded } from '../db/failure.ts';
import { waitsForSignal, type RunRow } from '../db/runs/row.ts';
import { resumeRun } from '../db/runs/suspend.ts';
import { keys } from '../queue/connection.ts';
import type { ControlDeps } from './suspend.ts';

/**
 * Lets a suspended run go on where it was; or takes back that it is to be suspended. What the queue does not take now
 * the reconciler adds later.
 * @param by id of the API key, for the timeline
 * @returns its row as it stands then; null when there was nothing to do
 */
export async function resumeOne(
  deps: ControlDeps,
  run: { orgId: string; id: string },
  by: string,
): Promise<RunRow | null> {
  const { sql, config, queue } = deps;
  const entry = JSON.stringify([{ type: 'run_resumed', at: new Date().toISOString(), by }]);
  const [row] = await bounded(resumeRun(sql, run.orgId, run.id, entry), config.databaseTimeoutMs);
  if (row === undefined || row.status === 'running') return row ?? null;
  deps.emit('workflow_run_resumed', {
    orgId: row.org_id,
    workflowId: row.workflow_id,
    runId: row.id,
    version: row.version,
  });
  queue.redis.publish(keys(config.queueName).hints, row.id).catch(() => {});
  // Its job will be made by the signal.
  if (waitsForSignal(row)) return row;
  const { id: runId, org_id: orgId, generation, priority, format, delay_ms: delayMs } = row;
  await queue.enqueue({ runId, orgId, generation, priority, format, delayMs }, config.enqueueTimeoutMs);
  return row;
}
