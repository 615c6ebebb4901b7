/** One run; while it is not running it says why (`waitingFor`). */
import { toRun } from '../lib/db/runs/row.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { loadRun } from '../lib/runs/accept-request.ts';
import { waitingFor } from '../lib/runs/waiting-for.ts';

export default orgRoute({
  name: 'get-run',
  method: 'get',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/:runId', '/v1/orgs/:orgId/runs/:runId'],
  summary: 'Get a run',
  access: 'runs:read',
  answers: { 200: 'The run' },
  async handler({ c, deps, caller }) {
    const row = await loadRun(
      deps,
      caller.orgId,
      c.req.param('runId') ?? '',
      c.req.param('workflowId') ?? null,
    );
    if (row === undefined) throw notFound();
    const waiting = await waitingFor(deps, row);
    return c.json({ run: { ...toRun(row), ...(waiting === null ? {} : { waitingFor: waiting }) } });
  },
});
