/** GET /v1/orgs/:orgId/runs/bulk */
import { listBulk } from '../lib/db/bulk/operations.ts';
import { toBulk } from '../lib/db/bulk/row.ts';
import { PAGE_QUERY, readPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'list-bulk-operations',
  method: 'get',
  paths: ['/v1/orgs/:orgId/runs/bulk', '/v1/orgs/:orgId/bulk'],
  access: 'runs:read',
  summary: 'The bulk operations of the org, newest first.',
  query: PAGE_QUERY,
  answers: { 200: '`items` and `nextCursor`' },
  async handler({ c, deps, caller }) {
    const page = readPage(c);
    const rows = await listBulk(deps, caller.orgId, { before: page.before, limit: page.limit + 1 });
    const { items, nextCursor } = toPage(rows, page, (row) => row.id);
    return c.json({ items: items.map(toBulk), nextCursor });
  },
});
