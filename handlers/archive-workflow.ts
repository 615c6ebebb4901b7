/** DELETE /v1/orgs/:orgId/workflows/:workflowId */
import { removeSchedule } from '../lib/db/schedules/follow.ts';
import { archiveWorkflow } from '../lib/db/workflows.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'archive-workflow',
  method: 'delete',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId'],
  access: 'workflows:write',
  summary:
    'Archives a workflow: it can be read, but neither changed nor run, and its schedule ends. Runs under way go on. Again is no error.',
  answers: { 204: 'The workflow is archived.' },
  async handler({ c, deps, caller }) {
    const workflowId = c.req.param('workflowId') ?? '';
    if (!(await archiveWorkflow(deps, caller.orgId, workflowId))) throw notFound();
    // Should it stand when this is cut off, it makes no run: the leader removes it when it is due.
    await removeSchedule(deps, caller.orgId, workflowId);
    return c.body(null, 204);
  },
});
