/** GET /v1/orgs/:orgId/limits */
import { findLimits } from '../lib/db/limits.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'get-limits',
  method: 'get',
  paths: ['/v1/orgs/:orgId/limits'],
  access: 'any-scope',
  summary: 'The limits of the org; null: not limited.',
  answers: { 200: '`{ limits: { maxRunsInFlight, maxRunsQueued, maxRequestsPerMinute } }`' },
  async handler({ c, deps, caller }) {
    return c.json({ limits: await findLimits(deps, caller.orgId) });
  },
});
