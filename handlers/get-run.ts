/** One run; while it is not running it says why (`waitingFor`). */
import { toRun } from '../lib/db/runs/row.ts';
import { orgRoute } from '../lib/http/route.ts';
import { loadRun } from '../lib/runs/load.ts';
import { waitingFor } from '../lib/runs/waiting-for.ts';

export default orgRoute({
  name: 'get-run',
  method: 'get',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/:runId', '/v1/orgs/:orgId/runs/:runId'],
  summary: 'Get a run',
  access: 'runs:read',
  answers: { 200: 'The run' },
  async handler(context) {
    const row = await loadRun(context);
    const waiting = await waitingFor(context.deps, row);
    return context.c.json({ run: { ...toRun(row), ...(waiting === null ? {} : { waitingFor: waiting }) } });
  },
});
