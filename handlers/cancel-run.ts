/** Cancels a run: at once in the row; the worker that holds it stops within 2 s. Idempotent. */
import { bounded } from '../lib/db/failure.ts';
import { cancelRun } from '../lib/db/runs/cancel.ts';
import { toRun } from '../lib/db/runs/row.ts';
import { ApiError } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { keys } from '../lib/queue/connection.ts';
import { loadRun } from '../lib/runs/load.ts';

export default orgRoute({
  name: 'cancel-run',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/:runId/cancel', '/v1/orgs/:orgId/runs/:runId/cancel'],
  summary: 'Cancel a run',
  access: 'runs:write',
  answers: {
    200: 'The run was cancelled before',
    202: 'The run is cancelled; a step under way is being aborted',
    409: 'The run has already ended in another way',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const { id: runId } = await loadRun(context);
    const entry = JSON.stringify([{ type: 'run_cancelled', at: new Date().toISOString(), by: caller.keyId }]);
    const [row] = await bounded(
      cancelRun(deps.sql, caller.orgId, runId, entry),
      deps.config.databaseTimeoutMs,
    );
    if (row !== undefined) {
      const ref = { orgId: row.org_id, workflowId: row.workflow_id, runId, version: row.version };
      deps.emit('workflow_run_cancelled', ref);
      // Else the job of a run that was to start next year would lie in Redis until then.
      deps.queue.discard(runId, row.generation - 1);
      deps.queue.redis.publish(keys(deps.config.queueName).hints, runId).catch(() => {});
      return c.json({ run: toRun(row) }, 202);
    }
    const ended = await loadRun(context);
    if (ended.status === 'cancelled') return c.json({ run: toRun(ended) }, 200);
    throw new ApiError('INVALID_STATE', `The run has already ended: ${ended.status}.`);
  },
});
