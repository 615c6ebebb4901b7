/** GET /v1/orgs/:orgId/schedules/:scheduleId */
import { findSchedule } from '../lib/db/schedules/control.ts';
import { toScheduleResource } from '../lib/db/schedules/row.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'get-schedule',
  method: 'get',
  paths: ['/v1/orgs/:orgId/schedules/:scheduleId'],
  access: 'workflows:read',
  summary: 'When a workflow starts by itself.',
  answers: { 200: '`{ schedule }`' },
  async handler({ c, deps, caller }) {
    const row = await findSchedule(deps, caller.orgId, c.req.param('scheduleId') ?? '');
    if (row === null) throw notFound();
    return c.json({ schedule: toScheduleResource(row) });
  },
});
