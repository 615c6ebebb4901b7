/** GET /v1/orgs/:orgId/workflows/:workflowId/versions/:version */
import { findVersion } from '../lib/db/versions.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { toVersionNumber } from '../lib/http/page.ts';

export default orgRoute({
  name: 'get-version',
  method: 'get',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/versions/:version'],
  access: 'workflows:read',
  summary: 'A published version with its definition.',
  answers: { 200: '`{ version: { workflowId, version, definition, digest, createdAt, publishedBy } }`' },
  async handler({ c, deps, caller }) {
    const number = toVersionNumber(c.req.param('version') ?? '');
    if (number === null) throw notFound();
    const version = await findVersion(deps, caller.orgId, c.req.param('workflowId') ?? '', number);
    if (version === null) throw notFound();
    return c.json({ version });
  },
});
