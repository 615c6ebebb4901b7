/** PUT /v1/orgs/:orgId/workflows/:workflowId */
import { findWorkflow, replaceDraft } from '../lib/db/workflows.ts';
import { ApiError, notFound } from '../lib/errors.ts';
import { definitionBody, readDraft } from '../lib/http/definition-body.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'replace-workflow',
  method: 'put',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId'],
  access: 'workflows:write',
  summary: 'Replaces the draft and the name (by the rule of creation). Published versions stay as they are.',
  body: definitionBody,
  takesDefinition: true,
  answers: {
    200: '`{ workflow }`',
    409: '`INVALID_STATE`: the workflow is archived.',
    422: '`WORKFLOW_INVALID`: every problem of the definition with its path.',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const id = c.req.param('workflowId') ?? '';
    const draft = await readDraft(context);
    const workflow = await replaceDraft(deps, { id, orgId: caller.orgId, draft });
    if (workflow !== null) return c.json({ workflow });
    if ((await findWorkflow(deps, caller.orgId, id)) === null) throw notFound();
    throw new ApiError('INVALID_STATE', 'The workflow is archived.');
  },
});
