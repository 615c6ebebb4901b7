/** POST /v1/orgs/:orgId/workflows/:workflowId/publish */
import { findDraft, publishDraft } from '../lib/db/versions.ts';
import { findWorkflow } from '../lib/db/workflows.ts';
import type { Deps } from '../lib/deps.ts';
import { formatOf } from '../lib/dsl/format.ts';
import { openEgress } from '../lib/egress/index.ts';
import { member } from '../lib/engine/json.ts';
import type { Json } from '../lib/engine/types.ts';
import { ApiError, notFound } from '../lib/errors.ts';
import { checkPublishable, workflowInvalid } from '../lib/http/definition-body.ts';
import { orgRoute, type Caller } from '../lib/http/route.ts';
import { findResources } from '../lib/resources/find.ts';
import { MAX_DOCUMENT_BYTES, pinResources } from '../lib/resources/pin.ts';
import type { KeptResources } from '../lib/resources/types.ts';
import { scheduleToPublish } from '../lib/schedules/activate.ts';
import { loadSecrets } from '../lib/secrets/load.ts';
import { VERSION } from '../lib/version.ts';

/** Each round that changes nothing means that another request changed the workflow in between. */
const MAX_ROUNDS = 10;
/** For all documents of all rounds. */
const FETCH_TIMEOUT_MS = 20_000;

/** `use.secrets` */
function secretNames(definition: Json): string[] {
  const names = member(member(definition, 'use'), 'secrets');
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
}

/**
 * The documents that the definition names, or null when it names none.
 * @throws {ApiError} WORKFLOW_INVALID when one cannot be had, or is not what its place needs
 */
async function pin(
  deps: Deps,
  orgId: string,
  definition: Json,
  signal: AbortSignal,
): Promise<KeptResources | null> {
  const uses = findResources(definition);
  if (uses.length === 0) return null;
  const egress = openEgress({
    allow: deps.config.egressAllow,
    maxResponseBytes: MAX_DOCUMENT_BYTES,
    userAgent: `vespid/${VERSION}`,
  });
  try {
    const pinned = await pinResources({
      definition,
      uses,
      secrets: () => loadSecrets(deps, orgId, secretNames(definition)),
      http: (request, bounded) => egress.request(request, bounded),
      signal,
    });
    if (!pinned.ok) throw workflowInvalid(pinned.errors);
    return pinned.resources;
  } finally {
    await egress.close();
  }
}

/** The draft is validated again: it may have been stored by an older release. */
async function publish(deps: Deps, { orgId, keyId }: Caller, workflowId: string) {
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const draft = await findDraft(deps, orgId, workflowId);
    if (draft === null) throw notFound();
    if (draft.archived) throw new ApiError('INVALID_STATE', 'The workflow is archived.');
    const { definition, digest } = draft;
    const { errors } = checkPublishable({ definition, pointer: '' }, deps.config);
    if (errors.length > 0) throw workflowInvalid(errors);
    if (draft.published !== null) return { ...draft.published, definition };
    // Before the statement that locks the workflow: a slow server holds nothing up.
    const resources = await pin(deps, orgId, definition, signal);
    const version = await publishDraft(deps, {
      orgId,
      workflowId,
      digest,
      publishedBy: keyId,
      resources,
      format: formatOf(definition),
      schedule: await scheduleToPublish(deps, definition),
    });
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
  summary:
    'Freezes the draft as version n+1, with the external documents that it names. An unchanged draft gives the version that exists.',
  answers: { 200: '`{ workflow, version }`', 409: '`INVALID_STATE`: the workflow is archived.' },
  async handler({ c, deps, caller }) {
    const workflowId = c.req.param('workflowId') ?? '';
    const version = await publish(deps, caller, workflowId);
    const workflow = await findWorkflow(deps, caller.orgId, workflowId);
    if (workflow === null) throw notFound();
    return c.json({ workflow, version });
  },
});
