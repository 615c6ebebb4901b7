/** Repeats a run that has ended, as a new run: `201` only when it is truly queued (contract, section 1). */
import * as v from 'valibot';
import { admitRuns } from '../lib/accept/admit.ts';
import { parseJsonBody, readBytes, validate } from '../lib/http/body.ts';
import { orgRoute } from '../lib/http/route.ts';
import { closedObject } from '../lib/http/shapes.ts';
import { answer } from '../lib/runs/accept-request.ts';
import { loadDefinition } from '../lib/runs/definition.ts';
import { loadRun } from '../lib/runs/load.ts';
import { readIdempotencyKey, requestDigest, versionNumber } from '../lib/runs/request.ts';
import { prepareRerun } from '../lib/runs/rerun.ts';

const rerunBody = closedObject({
  from: v.picklist(['start', 'failed'], 'must be "start" or "failed"'),
  version: v.optional(versionNumber),
});

export default orgRoute({
  name: 'rerun-run',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/:runId/rerun', '/v1/orgs/:orgId/runs/:runId/rerun'],
  summary: 'Repeat a run from the start, or a failed one from the task that failed',
  access: 'runs:write',
  body: rerunBody,
  headers: {
    'Idempotency-Key': 'The same key with the same request answers with the first run again (kept 24 h).',
    Prefer: 'wait=N: answer when the run ends or after N seconds (at most 60).',
  },
  answers: {
    201: 'The new run is committed and queued; its `rerunOf` names the one that it repeats',
    409: 'The run has not ended, or has not failed, or the version does not fit what it has recorded',
    422: 'INPUT_INVALID: the input does not match `input.schema` of the version; every problem with its path',
    503: 'Not accepted: QUEUE_UNAVAILABLE, DATABASE_UNAVAILABLE or ENQUEUE_OUTCOME_UNKNOWN',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const key = readIdempotencyKey(c);
    const bytes = await readBytes(context);
    const { from, version = null } = validate(rerunBody, parseJsonBody(c, bytes));
    const run = await loadRun(context);
    const idempotency = key === null ? null : { key, digest: requestDigest('POST', c.req.path, bytes) };
    const { sql, config } = deps;
    const rerun = await prepareRerun(
      { sql, config, definition: (...of) => loadDefinition(deps, ...of) },
      run,
      { from, version },
      { requestedBy: caller.keyId, idempotency },
    );
    const [result] = await admitRuns(deps, [rerun]);
    if (result === undefined) throw new Error('the accept path gave no result');
    return answer(context, result);
  },
});
