/** Gives runs their job again. */
import type { RequeueRow } from '../lib/db/runs/reconcile.ts';
import type { WorkerDeps } from './deps.ts';

/** Why a run has no job, or no worker. The last ones have never had a job of that generation. */
export type RequeueReason = 'job_missing' | 'worker_lost' | 'stray' | 'signalled' | 'scheduled' | 'bulk';

/** Adds the jobs; what the queue does not take now is found by the next pass. */
export async function requeue(
  deps: Pick<WorkerDeps, 'config' | 'emit' | 'queue'>,
  rows: readonly RequeueRow[],
  reason: RequeueReason,
): Promise<boolean> {
  if (rows.length === 0) return true;
  const result = await deps.queue.enqueueMany(
    rows.map((row) => ({
      runId: row.id,
      orgId: row.org_id,
      generation: row.generation,
      priority: row.priority,
      delayMs: row.delay_ms,
      format: row.format,
    })),
    deps.config.enqueueTimeoutMs,
  );
  if (!result.ok) return false;
  for (const row of rows) {
    const ref = { orgId: row.org_id, workflowId: row.workflow_id, runId: row.id, version: row.version };
    deps.emit('workflow_run_requeued', ref, { attemptCount: row.attempt_count, durationMs: 0, reason });
  }
  return true;
}
