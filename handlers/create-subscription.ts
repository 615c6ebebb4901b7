/** POST /v1/orgs/:orgId/subscriptions */
import { uuidv7 } from 'uuidv7';
import { insertSubscription, MAX_SUBSCRIPTIONS } from '../lib/db/events/subscriptions.ts';
import { ApiError } from '../lib/errors.ts';
import { readBody } from '../lib/http/body.ts';
import { orgRoute } from '../lib/http/route.ts';
import { followsLifecycle } from '../lib/subscriptions/pattern.ts';
import { newSubscription } from '../lib/subscriptions/request.ts';
import { newSigningSecret, sealSigningSecret } from '../lib/subscriptions/secret.ts';

export default orgRoute({
  name: 'create-subscription',
  method: 'post',
  paths: ['/v1/orgs/:orgId/subscriptions'],
  access: 'events:write',
  summary:
    'Sends the events of these types to a URL from now on, signed (Standard Webhooks). The secret is shown once.',
  body: newSubscription,
  answers: {
    201: '`{ subscription: { id, url, types, createdAt, disabledAt, disabledReason }, secret }`',
    409: '`INVALID_STATE`: the deployment has no key to encrypt the secret with.',
    429: `\`QUOTA_EXCEEDED\`: the org has ${MAX_SUBSCRIPTIONS} subscriptions.`,
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const { url, types } = await readBody(context, newSubscription);
    if (deps.keyring === null) {
      throw new ApiError(
        'INVALID_STATE',
        'The deployment has no VESPID_SECRETS_KEY to encrypt the signing secret with.',
      );
    }
    const place = { orgId: caller.orgId, id: uuidv7() };
    const secret = newSigningSecret();
    const subscription = await insertSubscription(deps, {
      ...place,
      ...sealSigningSecret(deps.keyring, place, secret),
      url,
      types,
      lifecycle: followsLifecycle(types),
      createdBy: caller.keyId,
    });
    if (subscription === null) {
      const detail = `The org has ${MAX_SUBSCRIPTIONS} subscriptions, which is the most it can have.`;
      throw new ApiError('QUOTA_EXCEEDED', detail);
    }
    return c.json({ subscription, secret }, 201);
  },
});
