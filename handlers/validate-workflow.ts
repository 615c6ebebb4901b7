/** POST /v1/orgs/:orgId/workflows/validate */
import { checkPublishable, definitionBody, readDefinition } from '../lib/http/definition-body.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'validate-workflow',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/validate'],
  access: 'workflows:read',
  summary: 'Validates a definition without storing it.',
  body: definitionBody,
  takesDefinition: true,
  answers: { 200: '`{ valid, errors, warnings }`', 400: 'The body does not parse.' },
  async handler(context) {
    const { errors, warnings } = checkPublishable(await readDefinition(context), context.deps.config);
    return context.c.json({ valid: errors.length === 0, errors, warnings });
  },
});
