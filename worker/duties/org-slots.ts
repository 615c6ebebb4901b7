/** Keeps the slots of this worker's runs, and what it knows of the orgs' limits, up to date. */
import type { WorkerDeps } from '../deps.ts';
import type { Duty } from './duty.ts';

const MAX_INTERVAL_MS = 1000;
/** The limits are read every other time. */
const REFRESH_EVERY = 2;

export function createOrgSlotsDuty({ config, orgSlots }: WorkerDeps): Duty {
  let count = 0;
  return {
    name: 'org-slots',
    everyMs: Math.min(MAX_INTERVAL_MS, config.leaseMs / 3),
    who: 'everyone',
    async tick() {
      count += 1;
      await orgSlots.renew();
      if (count % REFRESH_EVERY === 0) await orgSlots.limits.refresh();
      return false;
    },
  };
}
