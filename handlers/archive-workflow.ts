/** DELETE /v1/orgs/:orgId/workflows/:workflowId */
import { archiveWorkflow } from '../lib/db/workflows.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'archive-workflow',
  method: 'delete',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId'],
  access: 'workflows:write',
  summary:
    'Archives a workflow: it can be read, but neither changed nor run. Runs under way go on. Again is no error.',
  answers: { 204: 'The workflow is archived.' },
  async handler({ c, deps, caller }) {
    if (!(await archiveWorkflow(deps, caller.orgId, c.req.param('workflowId') ?? ''))) throw notFound();
    return c.body(null, 204);
  },
});
