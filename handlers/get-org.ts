/** GET /v1/orgs/:orgId */
import { findOrg } from '../lib/db/orgs.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'get-org',
  method: 'get',
  paths: ['/v1/orgs/:orgId'],
  access: 'any-scope',
  summary: 'The org of the API key.',
  answers: { 200: '`{ org }`' },
  async handler({ c, deps, caller }) {
    const org = await findOrg(deps, caller.orgId);
    if (org === null) throw notFound();
    return c.json({ org });
  },
});
