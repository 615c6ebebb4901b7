/** GET /v1/orgs/:orgId/secrets/:name */
import { findSecret } from '../lib/db/secrets.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { isSecretName } from '../lib/secrets/name.ts';

export default orgRoute({
  name: 'get-secret',
  method: 'get',
  paths: ['/v1/orgs/:orgId/secrets/:name'],
  access: 'secrets:write',
  summary: 'That a secret exists and when it was set. Never its value.',
  answers: { 200: '`{ secret: { name, createdAt, updatedAt } }`' },
  async handler({ c, deps, caller }) {
    const name = c.req.param('name') ?? '';
    const secret = isSecretName(name) ? await findSecret(deps, caller.orgId, name) : null;
    if (secret === null) throw notFound();
    return c.json({ secret });
  },
});
