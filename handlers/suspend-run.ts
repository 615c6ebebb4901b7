/** Suspends a run: it starts no further task until it is resumed. Idempotent. */
import { isTerminal, toRun } from '../lib/db/runs/row.ts';
import { ApiError } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { loadRun } from '../lib/runs/load.ts';
import { suspendOne } from '../lib/runs/suspend.ts';

export default orgRoute({
  name: 'suspend-run',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/:runId/suspend', '/v1/orgs/:orgId/runs/:runId/suspend'],
  summary: 'Suspend a run',
  access: 'runs:write',
  answers: {
    200: 'The run is suspended, or is about to be',
    202: 'The run is suspended; one that is running when its step under way is over',
    409: 'The run has ended',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const { id } = await loadRun(context);
    const row = await suspendOne(deps, { orgId: caller.orgId, id }, caller.keyId);
    if (row !== null) return c.json({ run: toRun(row) }, 202);
    const now = await loadRun(context);
    if (!isTerminal(now.status)) return c.json({ run: toRun(now) }, 200);
    throw new ApiError('INVALID_STATE', `The run has already ended: ${now.status}.`);
  },
});
