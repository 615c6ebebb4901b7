/** GET /v1/orgs/:orgId/api-keys */
import { listApiKeys } from '../lib/db/api-keys.ts';
import { PAGE_QUERY, readPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'list-api-keys',
  method: 'get',
  paths: ['/v1/orgs/:orgId/api-keys'],
  access: 'admin',
  summary: "The org's API keys, revoked ones too, newest first. Never their secrets.",
  query: PAGE_QUERY,
  answers: { 200: '`{ items: [{ id, name, scopes, createdAt, revokedAt }], nextCursor }`' },
  async handler({ c, deps, caller }) {
    const page = readPage(c);
    const keys = await listApiKeys(deps, caller.orgId, { ...page, limit: page.limit + 1 });
    return c.json(toPage(keys, page, (key) => key.id));
  },
});
