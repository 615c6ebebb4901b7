/** POST /v1/orgs/:orgId/schedules/:scheduleId/pause */
import { pauseSchedule } from '../lib/db/schedules/control.ts';
import { toScheduleResource } from '../lib/db/schedules/row.ts';
import { notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';

export default orgRoute({
  name: 'pause-schedule',
  method: 'post',
  paths: ['/v1/orgs/:orgId/schedules/:scheduleId/pause'],
  access: 'workflows:write',
  summary: 'Pauses a schedule: it starts no runs until it is resumed. Again is no error.',
  answers: { 200: '`{ schedule }`' },
  async handler({ c, deps, caller }) {
    const row = await pauseSchedule(deps, caller.orgId, c.req.param('scheduleId') ?? '');
    if (row === null) throw notFound();
    return c.json({ schedule: toScheduleResource(row) });
  },
});
