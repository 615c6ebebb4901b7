/** Starts the runs of schedules. */
import { bounded } from '../db/failure.ts';
import type { RequeueRow } from '../db/runs/reconcile.ts';
import { findComing, fireSchedule, type Fire } from '../db/schedules/fire.ts';
import { cancelChildren, cancelOne, type CancelDeps } from '../runs/cancel.ts';

/**
 * The run before is cancelled first: after a crash in between, the same fire does the rest. But not by a fire that makes
 * no run: it has had its own already, or the schedule was paused, say.
 */
async function cancelRunBefore(deps: CancelDeps, fire: Fire): Promise<void> {
  const { sql, config } = deps;
  const { row, fireKey } = fire;
  if (row.overlap !== 'cancel' || row.last_run_id === null || fireKey === null) return;
  const coming = await bounded(findComing(sql, fire), config.databaseTimeoutMs);
  if (coming.length === 0) return;
  await cancelOne(
    deps,
    { orgId: row.org_id, id: row.last_run_id },
    { reason: 'the schedule began the next run' },
  );
  await cancelChildren(deps, row.last_run_id);
}

/**
 * One fire of a schedule, safe to repeat.
 * @returns the run that was inserted, to be enqueued; none when the fire was over, skipped, or another worker's
 */
export async function fireOnce(deps: CancelDeps, fire: Fire): Promise<RequeueRow | null> {
  await cancelRunBefore(deps, fire);
  const [run] = await bounded(fireSchedule(deps.sql, fire), deps.config.databaseTimeoutMs);
  return run ?? null;
}

/** Adds the jobs of runs that were inserted; should the queue be away, the reconciler adds them later. */
export async function enqueueFired(deps: CancelDeps, runs: readonly RequeueRow[]): Promise<void> {
  if (runs.length === 0) return;
  const jobs = runs.map((run) => ({
    runId: run.id,
    orgId: run.org_id,
    generation: run.generation,
    priority: run.priority,
    delayMs: run.delay_ms,
    format: run.format,
  }));
  const result = await deps.queue.enqueueMany(jobs, deps.config.enqueueTimeoutMs);
  if (!result.ok) return;
  for (const { id: runId, org_id: orgId, workflow_id: workflowId, version, attempt_count } of runs) {
    const ref = { orgId, workflowId, runId, version };
    deps.emit('workflow_run_requeued', ref, {
      attemptCount: attempt_count,
      durationMs: 0,
      reason: 'scheduled',
    });
  }
}
