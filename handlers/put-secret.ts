/** PUT /v1/orgs/:orgId/secrets/:name */
import * as v from 'valibot';
import { putSecret } from '../lib/db/secrets.ts';
import { ApiError } from '../lib/errors.ts';
import type { Json } from '../lib/engine/types.ts';
import { readBody } from '../lib/http/body.ts';
import { orgRoute } from '../lib/http/route.ts';
import { closedObject } from '../lib/http/shapes.ts';
import { isSecretName, SECRET_NAME_RULE } from '../lib/secrets/name.ts';

/** Of the value's JSON text, in UTF-8. */
const MAX_VALUE_BYTES = 64 << 10;

const body = closedObject({ value: v.unknown() });

function checkName(name: string): void {
  if (isSecretName(name)) return;
  throw new ApiError('VALIDATION_FAILED', 'The name of the secret is not valid.', {
    errors: [{ path: 'path/name', message: SECRET_NAME_RULE }],
  });
}

function checkSize(value: Json): void {
  if (Buffer.byteLength(JSON.stringify(value)) <= MAX_VALUE_BYTES) return;
  const detail = `The value has more than ${MAX_VALUE_BYTES} bytes as JSON.`;
  throw new ApiError('PAYLOAD_TOO_LARGE', detail, { extra: { maxBytes: MAX_VALUE_BYTES } });
}

export default orgRoute({
  name: 'put-secret',
  method: 'put',
  paths: ['/v1/orgs/:orgId/secrets/:name'],
  access: 'secrets:write',
  summary: 'Sets a secret, any JSON of at most 64 KiB. It is stored encrypted and never answered.',
  body,
  answers: {
    200: '`{ secret: { name, createdAt, updatedAt } }`: there was one of that name; it has the new value.',
    201: '`{ secret: { name, createdAt, updatedAt } }`: it is new.',
    409: '`INVALID_STATE`: the deployment has no key for secrets.',
    413: '`PAYLOAD_TOO_LARGE`: the value is larger than 64 KiB.',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const name = c.req.param('name') ?? '';
    checkName(name);
    // The schema says "any value" of what was parsed as JSON.
    const value = (await readBody(context, body)).value as Json;
    checkSize(value);
    if (deps.keyring === null) {
      throw new ApiError(
        'INVALID_STATE',
        'The deployment has no VESPID_SECRETS_KEY to encrypt secrets with.',
      );
    }
    const { orgId } = caller;
    const sealed = deps.keyring.seal(orgId, name, value);
    const { secret, created } = await putSecret(deps, { orgId, name, ...sealed });
    return c.json({ secret }, created ? 201 : 200);
  },
});
