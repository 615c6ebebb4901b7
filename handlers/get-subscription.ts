/** GET /v1/orgs/:orgId/subscriptions/:subscriptionId */
import { findSubscription } from '../lib/db/events/subscriptions.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { isUuid } from '../lib/http/uuid.ts';

export default orgRoute({
  name: 'get-subscription',
  method: 'get',
  paths: ['/v1/orgs/:orgId/subscriptions/:subscriptionId'],
  access: 'events:write',
  summary: 'A subscription and how its deliveries stand.',
  answers: {
    200: '`{ subscription: { …, deliveries: { pending, delivered, failed, lastStatus, lastError, lastDeliveredAt } } }`',
  },
  async handler({ c, deps, caller }) {
    const id = c.req.param('subscriptionId') ?? '';
    const subscription = isUuid(id) ? await findSubscription(deps, caller.orgId, id) : null;
    if (subscription === null) throw notFound();
    return c.json({ subscription });
  },
});
