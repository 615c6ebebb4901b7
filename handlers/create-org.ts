/** POST /v1/orgs: the operator makes a tenant and its first key. */
import { uuidv7 } from 'uuidv7';
import { createOrg } from '../lib/db/orgs.ts';
import { makeApiKey } from '../lib/http/api-key.ts';
import { readBody } from '../lib/http/body.ts';
import { openRoute } from '../lib/http/route.ts';
import { closedObject, storableText } from '../lib/http/shapes.ts';

const body = closedObject({ name: storableText(1, 200) });

export default openRoute({
  name: 'create-org',
  method: 'post',
  paths: ['/v1/orgs'],
  access: 'admin-token',
  summary: 'Creates an org with a first API key of scope "admin"; the key is shown once.',
  body,
  answers: { 201: '`{ org, apiKey: { id, key } }`' },
  async handler(context) {
    const { name } = await readBody(context, body);
    const keyId = uuidv7();
    const { text, secretHash } = makeApiKey(keyId);
    const key = { id: keyId, name: 'first key', secretHash, scopes: ['admin'] as const };
    const org = await createOrg(context.deps, { id: uuidv7(), name, key });
    return context.c.json({ org, apiKey: { id: keyId, key: text } }, 201, { location: `/v1/orgs/${org.id}` });
  },
});
