/** DELETE /v1/orgs/:orgId/runs/bulk/:bulkId */
import { abortBulk, findBulk } from '../lib/db/bulk/operations.ts';
import { toBulk } from '../lib/db/bulk/row.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'abort-bulk-operation',
  method: 'delete',
  paths: ['/v1/orgs/:orgId/runs/bulk/:bulkId', '/v1/orgs/:orgId/bulk/:bulkId'],
  access: 'runs:write',
  summary: 'Aborts a bulk operation: what it has not come to stays untouched. Idempotent.',
  answers: {
    200: '`{ bulk }`: it was over before',
    202: '`{ bulk }`: it is aborted; of a rerun, the page under way (at most 100 runs) may still be done',
    404: 'There is none of that id.',
  },
  async handler({ c, deps, caller }) {
    const id = c.req.param('bulkId') ?? '';
    const aborted = await abortBulk(deps, caller.orgId, id);
    if (aborted !== null) return c.json({ bulk: toBulk(aborted) }, 202);
    const row = await findBulk(deps, caller.orgId, id);
    if (row === null) throw notFound();
    return c.json({ bulk: toBulk(row) }, 200);
  },
});
