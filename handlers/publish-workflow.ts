/** POST /v1/orgs/:orgId/workflows/:workflowId/publish */
import { findDraft, publishDraft } from '../lib/db/versions.ts';
import { findWorkflow } from '../lib/db/workflows.ts';
import { ApiError, notFound } from '../lib/errors.ts';
import { checkDefinition, workflowInvalid } from '../lib/http/definition-body.ts';
import { orgRoute, type Caller } from '../lib/http/route.ts';
import type { Database } from '../lib/db/failure.ts';

/** Each round that changes nothing means that another request changed the workflow in between. */
const MAX_ROUNDS = 10;

/** The draft is validated again: it may have been stored by an older release. */
async function publish(database: Database, caller: Caller, workflowId: string) {
  const publishedBy = caller.keyId;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const draft = await findDraft(database, caller.orgId, workflowId);
    if (draft === null) throw notFound();
    if (draft.archived) throw new ApiError('INVALID_STATE', 'The workflow is archived.');
    const { definition, digest } = draft;
    const { errors } = checkDefinition({ definition, pointer: '' });
    if (errors.length > 0) throw workflowInvalid(errors);
    const version = await publishDraft(database, { orgId: caller.orgId, workflowId, digest, publishedBy });
    if (version !== null) return { ...version, definition };
  }
  throw new ApiError(
    'INVALID_STATE',
    'The workflow is being changed by other requests; send the request again.',
  );
}

export default orgRoute({
  name: 'publish-workflow',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/publish'],
  access: 'workflows:write',
  summary: 'Freezes the draft as version n+1. An unchanged draft gives the version that exists.',
  answers: { 200: '`{ workflow, version }`', 409: '`INVALID_STATE`: the workflow is archived.' },
  async handler({ c, deps, caller }) {
    const workflowId = c.req.param('workflowId') ?? '';
    const version = await publish(deps, caller, workflowId);
    const workflow = await findWorkflow(deps, caller.orgId, workflowId);
    if (workflow === null) throw notFound();
    return c.json({ workflow, version });
  },
});
