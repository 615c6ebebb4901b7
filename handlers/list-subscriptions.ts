/** GET /v1/orgs/:orgId/subscriptions */
import { listSubscriptions } from '../lib/db/events/subscriptions.ts';
import { PAGE_QUERY, readPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'list-subscriptions',
  method: 'get',
  paths: ['/v1/orgs/:orgId/subscriptions'],
  access: 'events:write',
  summary: 'Where events are sent, newest first; disabled subscriptions too.',
  query: PAGE_QUERY,
  answers: { 200: '`{ items: [{ id, url, types, createdAt, disabledAt, disabledReason }], nextCursor }`' },
  async handler({ c, deps, caller }) {
    const page = readPage(c);
    const found = await listSubscriptions(deps, caller.orgId, { ...page, limit: page.limit + 1 });
    return c.json(toPage(found, page, ({ id }) => id));
  },
});
