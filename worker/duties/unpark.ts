/**
 * Calls parked jobs for slots that became free without a word: a worker died, Redis lost what it knew, a limit was raised
 * or taken away. A page of the orgs that have parked jobs at a time.
 */
import { bounded } from '../../lib/db/failure.ts';
import { inFlightLimits } from '../../lib/db/limits.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Duty } from './duty.ts';

const EVERY_MS = 1000;

export function createUnpark({ config, sql, queue }: WorkerDeps): Duty {
  let cursor = '0';
  return {
    name: 'unpark',
    everyMs: EVERY_MS,
    who: 'leader',
    async tick() {
      let more = false;
      const page = await queue.order.parkedOrgs(cursor);
      if (page.orgIds.length > 0) {
        const rows = await bounded(inFlightLimits(sql, page.orgIds), config.databaseTimeoutMs);
        const limits = new Map(rows.map((row) => [row.org_id, row.max_runs_in_flight]));
        const called = await Promise.all(
          page.orgIds.map((orgId) => queue.order.callParked(orgId, limits.get(orgId) ?? null)),
        );
        more = called.includes(true);
      }
      if (!more) cursor = page.cursor;
      return more;
    },
  };
}
