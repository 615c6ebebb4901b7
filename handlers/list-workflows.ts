/** GET /v1/orgs/:orgId/workflows */
import { listWorkflows } from '../lib/db/workflows.ts';
import { PAGE_QUERY, readFlag, readPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'list-workflows',
  method: 'get',
  paths: ['/v1/orgs/:orgId/workflows'],
  access: 'workflows:read',
  summary: "The org's workflows without their definitions, newest first.",
  query: { ...PAGE_QUERY, archived: '`true` lists archived workflows too.' },
  answers: { 200: '`{ items, nextCursor }`' },
  async handler({ c, deps, caller }) {
    const page = readPage(c);
    const archived = readFlag(c, 'archived');
    const workflows = await listWorkflows(deps, caller.orgId, { ...page, limit: page.limit + 1, archived });
    return c.json(toPage(workflows, page, (workflow) => workflow.id));
  },
});
