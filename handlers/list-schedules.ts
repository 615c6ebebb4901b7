/** GET /v1/orgs/:orgId/schedules */
import { listSchedules } from '../lib/db/schedules/control.ts';
import { toScheduleResource } from '../lib/db/schedules/row.ts';
import { PAGE_QUERY, readPage, toPage } from '../lib/http/page.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'list-schedules',
  method: 'get',
  paths: ['/v1/orgs/:orgId/schedules'],
  access: 'workflows:read',
  summary: "The schedules of the org's published workflows, newest first.",
  query: PAGE_QUERY,
  answers: {
    200: '`{ items: [{ id, workflowId, version, kind, overlap, nextFireAt, lastFireAt, lastRunId, … }], nextCursor }`',
  },
  async handler({ c, deps, caller }) {
    const page = readPage(c);
    const rows = await listSchedules(deps, caller.orgId, { before: page.before, limit: page.limit + 1 });
    const { items, nextCursor } = toPage(rows, page, (row) => row.id);
    return c.json({ items: items.map(toScheduleResource), nextCursor });
  },
});
