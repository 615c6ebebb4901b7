/** Resumes a suspended run. Needs no queue: should it be away, the run goes on when it is back. Idempotent. */
import { isTerminal, toRun } from '../lib/db/runs/row.ts';
import { ApiError } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { loadRun } from '../lib/runs/load.ts';
import { resumeOne } from '../lib/runs/resume.ts';

export default orgRoute({
  name: 'resume-run',
  method: 'post',
  paths: ['/v1/orgs/:orgId/workflows/:workflowId/runs/:runId/resume', '/v1/orgs/:orgId/runs/:runId/resume'],
  summary: 'Resume a suspended run',
  access: 'runs:write',
  answers: {
    200: 'The run was not suspended',
    202: 'The run goes on where it was',
    409: 'The run has ended',
  },
  async handler(context) {
    const { c, deps, caller } = context;
    const { id } = await loadRun(context);
    const row = await resumeOne(deps, { orgId: caller.orgId, id }, caller.keyId);
    if (row !== null) return c.json({ run: toRun(row) }, 202);
    const now = await loadRun(context);
    if (!isTerminal(now.status)) return c.json({ run: toRun(now) }, 200);
    throw new ApiError('INVALID_STATE', `The run has already ended: ${now.status}.`);
  },
});
