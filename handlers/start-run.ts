/** Starts a run: `201` only when it is truly queued (contract, section 1). */
import { admitRuns } from '../lib/accept/admit.ts';
import { parseJsonBody, readBytes, validate } from '../lib/http/body.ts';
import { orgRoute } from '../lib/http/route.ts';
import { answer } from '../lib/runs/accept-request.ts';
import { originOf, readIdempotencyKey, requestDigest, startBody, toNewRun } from '../lib/runs/request.ts';

export default orgRoute({
  name: 'start-run',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs'],
  summary: 'Start a run of a published workflow',
  access: 'runs:write',
  body: startBody,
  headers: {
    'Idempotency-Key': 'The same key with the same request answers with the first run again (kept 24 h).',
    Prefer: 'wait=N: answer when the run ends or after N seconds (at most 60).',
  },
  answers: {
    201: 'The run is committed and queued',
    409: 'The workflow is not published or archived, or the key was used for another request',
    422: 'INPUT_INVALID: the input does not match `input.schema` of the version; every problem with its path',
    429: 'QUOTA_EXCEEDED: the org has as many queued runs as it may have',
    503: 'Not accepted: QUEUE_UNAVAILABLE, DATABASE_UNAVAILABLE or ENQUEUE_OUTCOME_UNKNOWN',
  },
  async handler(context) {
    const { c, deps } = context;
    const key = readIdempotencyKey(c);
    const bytes = await readBytes(context);
    const sent = parseJsonBody(c, bytes);
    const body = validate(startBody, sent === undefined ? {} : sent);
    const origin = originOf(context, 'api');
    const idempotency = key === null ? null : { key, digest: requestDigest('POST', c.req.path, bytes) };
    const [result] = await admitRuns(deps, [toNewRun(origin, body, idempotency)]);
    if (result === undefined) throw new Error('the accept path gave no result');
    return answer(context, result);
  },
});
