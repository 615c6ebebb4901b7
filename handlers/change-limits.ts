/** PATCH /v1/orgs/:orgId/limits */
import * as v from 'valibot';
import { changeLimits } from '../lib/db/limits.ts';
import { readBody } from '../lib/http/body.ts';
import { orgRoute } from '../lib/http/route.ts';
import { closedObject } from '../lib/http/shapes.ts';

const MAX = 1_000_000_000;

const limit = (min: number) => {
  const message = `must be null or a whole number from ${min} to ${MAX}`;
  return v.optional(
    v.nullable(
      v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(MAX, message)),
    ),
  );
};

const body = closedObject({
  maxRunsInFlight: limit(1),
  maxRunsQueued: limit(0),
  maxRequestsPerMinute: limit(1),
});

export default orgRoute({
  name: 'change-limits',
  method: 'patch',
  paths: ['/v1/orgs/:orgId/limits'],
  access: 'admin',
  summary: 'Sets limits of the org: those that are named; null takes one away. Heeded within a few seconds.',
  body,
  answers: { 200: '`{ limits: { maxRunsInFlight, maxRunsQueued, maxRequestsPerMinute } }`' },
  async handler(context) {
    const { c, deps, caller } = context;
    const limits = await changeLimits(deps, caller.orgId, await readBody(context, body));
    // This process heeds them from the caller's next request on.
    deps.keys.forget(caller.keyId);
    return c.json({ limits });
  },
});
