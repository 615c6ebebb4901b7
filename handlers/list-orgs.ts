/** The orgs that the API key may see: its own. Lets a tool that has nothing but a key find its way. */
import { findOrg } from '../lib/db/orgs.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'list-orgs',
  method: 'get',
  paths: ['/v1/orgs'],
  access: 'any-scope',
  summary: 'The org of the API key, as a list.',
  answers: { 200: '`items` and `nextCursor`' },
  async handler({ c, deps, caller }) {
    const org = await findOrg(deps, caller.orgId);
    if (org === null) throw notFound();
    return c.json({ items: [org], nextCursor: null });
  },
});
