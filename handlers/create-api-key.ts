/** POST /v1/orgs/:orgId/api-keys */
import { uuidv7 } from 'uuidv7';
import * as v from 'valibot';
import { createApiKey } from '../lib/db/api-keys.ts';
import { makeApiKey } from '../lib/http/api-key.ts';
import { readBody } from '../lib/http/body.ts';
import { orgRoute, SCOPES } from '../lib/http/route.ts';
import { closedObject, storableText } from '../lib/http/shapes.ts';

const body = closedObject({
  name: v.optional(v.nullable(storableText(1, 200)), null),
  scopes: v.pipe(
    v.array(v.picklist(SCOPES, `must be one of ${SCOPES.join(', ')}`), 'must be an array'),
    v.minLength(1, 'must name at least one scope'),
    v.maxLength(SCOPES.length, `must name at most ${SCOPES.length} scopes`),
  ),
});

export default orgRoute({
  name: 'create-api-key',
  method: 'post',
  paths: ['/v1/orgs/:orgId/api-keys'],
  access: 'admin',
  summary:
    'Creates an API key with the given scopes; `key` is shown once. Scope "admin" includes all others.',
  body,
  answers: { 201: '`{ apiKey: { id, name, scopes, createdAt, revokedAt, key } }`' },
  async handler(context) {
    const { c, deps, caller } = context;
    const { name, scopes } = await readBody(context, body);
    const id = uuidv7();
    const { text, secretHash } = makeApiKey(id);
    const apiKey = await createApiKey(deps, caller.orgId, {
      id,
      name,
      secretHash,
      scopes: [...new Set(scopes)],
    });
    return c.json({ apiKey: { ...apiKey, key: text } }, 201);
  },
});
