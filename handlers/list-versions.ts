/** GET /v1/orgs/:orgId/workflows/:workflowId/versions */
import { listVersions } from '../lib/db/versions.ts';
import { findWorkflow } from '../lib/db/workflows.ts';
import { notFound } from '../lib/errors.ts';
import { PAGE_QUERY, readVersionPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'list-versions',
  method: 'get',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/versions'],
  access: 'workflows:read',
  summary: 'The published versions without their definitions, newest first.',
  query: PAGE_QUERY,
  answers: { 200: '`{ items: [{ workflowId, version, digest, createdAt, publishedBy }], nextCursor }`' },
  async handler({ c, deps, caller }) {
    const page = readVersionPage(c);
    const workflowId = c.req.param('workflowId') ?? '';
    const versions = await listVersions(deps, caller.orgId, workflowId, { ...page, limit: page.limit + 1 });
    if (versions.length === 0 && (await findWorkflow(deps, caller.orgId, workflowId)) === null)
      throw notFound();
    return c.json(toPage(versions, page, (version) => version.version));
  },
});
