/** DELETE /v1/orgs/:orgId/subscriptions/:subscriptionId */
import { deleteSubscription } from '../lib/db/events/subscriptions.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { isUuid } from '../lib/http/uuid.ts';

export default orgRoute({
  name: 'delete-subscription',
  method: 'delete',
  paths: ['/v1/orgs/:orgId/subscriptions/:subscriptionId'],
  access: 'events:write',
  summary: 'Deletes a subscription and its deliveries; an attempt under way may still arrive.',
  answers: { 204: 'The subscription is gone.', 404: 'There is none of that id.' },
  async handler({ c, deps, caller }) {
    const id = c.req.param('subscriptionId') ?? '';
    if (!isUuid(id) || !(await deleteSubscription(deps, caller.orgId, id))) throw notFound();
    return c.body(null, 204);
  },
});
