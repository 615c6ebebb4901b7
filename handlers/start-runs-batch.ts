/** Starts up to 1000 runs under one deadline; each item is answered for itself, in order. */
import { admitRuns } from '../lib/accept/admit.ts';
import { readBody } from '../lib/http/body.ts';
import { toProblem } from '../lib/http/problem.ts';
import { orgRoute } from '../lib/http/route.ts';
import { batchBody, originOf, requestDigest, toNewRun } from '../lib/runs/request.ts';
import { toRun } from '../lib/db/runs/row.ts';

export default orgRoute({
  name: 'start-runs-batch',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/batch'],
  summary: 'Start up to 1000 runs of a published workflow',
  access: 'runs:write',
  body: batchBody,
  answers: {
    200: '`items` in order, each with `run` or `problem`',
    503: 'QUEUE_UNAVAILABLE with `reason: "overloaded"`: nothing was done',
  },
  async handler(context) {
    const { c, deps, requestId } = context;
    const { items } = await readBody(context, batchBody);
    const origin = originOf(context, 'batch');
    const runs = items.map(({ idempotencyKey, ...body }) => {
      const digest = requestDigest('POST', c.req.path, JSON.stringify(body));
      return toNewRun(origin, body, idempotencyKey === undefined ? null : { key: idempotencyKey, digest });
    });
    const results = await admitRuns(deps, runs);
    return c.json({
      items: results.map((result) =>
        result.kind === 'accepted'
          ? { run: toRun(result.row) }
          : { problem: toProblem(result.error, requestId) },
      ),
    });
  },
});
