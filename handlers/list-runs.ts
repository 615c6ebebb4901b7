/** Runs of an org or of one workflow, newest first, narrowed by status, labels and time. */
import { bounded } from '../lib/db/failure.ts';
import { findWorkflowState } from '../lib/db/runs/insert.ts';
import { listRuns } from '../lib/db/runs/read.ts';
import { toRun } from '../lib/db/runs/row.ts';
import { notFound } from '../lib/errors.ts';
import { readPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';
import { readRunFilter } from '../lib/runs/filter.ts';

export default orgRoute({
  name: 'list-runs',
  method: 'get',
  paths: ['/v1/orgs/:orgId/runs', '/v1/orgs/:orgId/workflows/:workflowId/runs'],
  summary: 'List runs',
  access: 'runs:read',
  query: {
    limit: '1 to 200',
    cursor: 'nextCursor of the page before',
    status: 'one status, or several with commas',
    workflowId: 'only runs of this workflow',
    'label.<name>': 'only runs with this label value',
    from: 'created at or after (RFC 3339, with an offset)',
    to: 'created before (RFC 3339, with an offset)',
  },
  answers: { 200: '`items` and `nextCursor`' },
  async handler({ c, deps, caller }) {
    const filter = readRunFilter(c, caller.orgId);
    const page = readPage(c);
    const query = listRuns(deps.sql, filter, { before: page.before, limit: page.limit + 1 });
    const rows = await bounded(query, deps.config.databaseTimeoutMs);
    const workflowId = c.req.param('workflowId');
    if (rows.length === 0 && workflowId !== undefined) {
      const state = findWorkflowState(deps.sql, caller.orgId, workflowId);
      if ((await bounded(state, deps.config.databaseTimeoutMs)).length === 0) throw notFound();
    }
    const { items, nextCursor } = toPage(rows, page, (row) => row.id);
    return c.json({ items: items.map(toRun), nextCursor });
  },
});
