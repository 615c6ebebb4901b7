/** Cancels a run: at once in the row; the worker that holds it stops within 2 s. Idempotent. */
import { toRun } from '../lib/db/runs/row.ts';
import { ApiError } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { cancelChildren, cancelOne } from '../lib/runs/cancel.ts';
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
    const row = await cancelOne(deps, { orgId: caller.orgId, id: runId }, { by: caller.keyId });
    await cancelChildren(deps, runId);
    if (row !== null) return c.json({ run: toRun(row) }, 202);
    const ended = await loadRun(context);
    if (ended.status === 'cancelled') return c.json({ run: toRun(ended) }, 200);
    throw new ApiError('INVALID_STATE', `The run has already ended: ${ended.status}.`);
  },
});
