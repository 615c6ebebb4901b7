/** GET /v1/orgs/:orgId/workflows/:workflowId */
import { findWorkflow } from '../lib/db/workflows.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'get-workflow',
  method: 'get',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId'],
  access: 'workflows:read',
  summary: 'A workflow with its draft; also an archived one.',
  answers: { 200: '`{ workflow }`' },
  async handler({ c, deps, caller }) {
    const workflow = await findWorkflow(deps, caller.orgId, c.req.param('workflowId') ?? '');
    if (workflow === null) throw notFound();
    return c.json({ workflow });
  },
});
