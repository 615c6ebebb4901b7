/** DELETE /v1/orgs/:orgId/api-keys/:keyId */
import { revokeApiKey } from '../lib/db/api-keys.ts';
import { ApiError, notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

/** Revokes at once in this process; another process may accept the key for up to 5 s more (its cache). */
export default orgRoute({
  name: 'delete-api-key',
  method: 'delete',
  paths: ['/v1/orgs/:orgId/api-keys/:keyId'],
  access: 'admin',
  summary: 'Revokes an API key; again is no error. The last key with scope "admin" cannot be revoked.',
  answers: { 204: 'The key is revoked.', 409: '`INVALID_STATE`: it is the last key with scope "admin".' },
  async handler({ c, deps, caller }) {
    const keyId = (c.req.param('keyId') ?? '').toLowerCase();
    const outcome = await revokeApiKey(deps, caller.orgId, keyId);
    deps.keys.forget(keyId);
    if (outcome === 'not_found') throw notFound();
    if (outcome === 'last_admin') {
      throw new ApiError(
        'INVALID_STATE',
        'This is the last key with scope "admin": create another one first.',
      );
    }
    return c.body(null, 204);
  },
});
