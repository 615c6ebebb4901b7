/** GET /v1/orgs/:orgId/runs/bulk/:bulkId */
import { findBulk } from '../lib/db/bulk/operations.ts';
import { toBulk } from '../lib/db/bulk/row.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'get-bulk-operation',
  method: 'get',
  paths: ['/v1/orgs/:orgId/runs/bulk/:bulkId', '/v1/orgs/:orgId/bulk/:bulkId'],
  access: 'runs:read',
  summary: 'A bulk operation and how far it is.',
  answers: { 200: '`{ bulk }`', 404: 'There is none of that id.' },
  async handler({ c, deps, caller }) {
    const row = await findBulk(deps, caller.orgId, c.req.param('bulkId') ?? '');
    if (row === null) throw notFound();
    return c.json({ bulk: toBulk(row) });
  },
});
