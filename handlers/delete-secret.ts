/** DELETE /v1/orgs/:orgId/secrets/:name */
import { deleteSecret } from '../lib/db/secrets.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { isSecretName } from '../lib/secrets/name.ts';

export default orgRoute({
  name: 'delete-secret',
  method: 'delete',
  paths: ['/v1/orgs/:orgId/secrets/:name'],
  access: 'secrets:write',
  summary: 'Deletes a secret. Runs that need it fail from their next attempt or wake-up on.',
  answers: { 204: 'The secret is gone.', 404: 'There is none of that name.' },
  async handler({ c, deps, caller }) {
    const name = c.req.param('name') ?? '';
    if (!isSecretName(name) || !(await deleteSecret(deps, caller.orgId, name))) throw notFound();
    return c.body(null, 204);
  },
});
