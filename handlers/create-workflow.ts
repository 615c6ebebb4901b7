/** POST /v1/orgs/:orgId/workflows */
import { uuidv7 } from 'uuidv7';
import { createWorkflow } from '../lib/db/workflows.ts';
import { definitionBody, readDraft } from '../lib/http/definition-body.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'create-workflow',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows'],
  access: 'workflows:write',
  summary: 'Creates a workflow as a draft. Without `name` it is called by `document.name` of the definition.',
  body: definitionBody,
  takesDefinition: true,
  answers: {
    201: '`{ workflow }`',
    422: '`WORKFLOW_INVALID`: every problem of the definition with its path.',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const draft = await readDraft(context);
    const workflow = await createWorkflow(deps, { id: uuidv7(), orgId: caller.orgId, draft });
    return c.json({ workflow }, 201, { location: `/v1/orgs/${workflow.orgId}/workflows/${workflow.id}` });
  },
});
