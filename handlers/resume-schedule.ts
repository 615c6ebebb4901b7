/** POST /v1/orgs/:orgId/schedules/:scheduleId/resume */
import { findSchedule, resumeSchedule } from '../lib/db/schedules/control.ts';
import { toScheduleResource, type ScheduleRow } from '../lib/db/schedules/row.ts';
import { toRfc3339 } from '../lib/db/time.ts';
import type { Deps } from '../lib/deps.ts';
import { ApiError, notFound } from '../lib/errors.ts';
import { orgRoute } from '../lib/http/route.ts';
import { listenersOf, resumedAt } from '../lib/schedules/activate.ts';

/** Each round that changes nothing means that another request changed the schedule in between. */
const MAX_ROUNDS = 5;

async function resume(deps: Deps, orgId: string, scheduleId: string): Promise<ScheduleRow> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const row = await findSchedule(deps, orgId, scheduleId);
    if (row === null) throw notFound();
    if (row.paused_at === null) return row;
    const { trigger } = row.spec;
    const next = resumedAt(trigger, Date.parse(toRfc3339(row.updated_at)), row.now_ms);
    const resumed = await resumeSchedule(deps, row, { next, listeners: listenersOf(trigger) });
    if (resumed !== null) return resumed;
  }
  throw new ApiError(
    'INVALID_STATE',
    'The schedule is being changed by other requests; send the request again.',
  );
}

export default orgRoute({
  name: 'resume-schedule',
  method: 'post',
  paths: ['/v1/orgs/:orgId/schedules/:scheduleId/resume'],
  access: 'workflows:write',
  summary:
    'Resumes a paused schedule: its next fire time is the first one from now on; what it missed makes no run. Again is no error.',
  answers: { 200: '`{ schedule }`', 409: '`INVALID_STATE`: other requests are changing it.' },
  async handler({ c, deps, caller }) {
    const row = await resume(deps, caller.orgId, c.req.param('scheduleId') ?? '');
    return c.json({ schedule: toScheduleResource(row) });
  },
});
