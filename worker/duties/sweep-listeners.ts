/** Removes listeners whose run or schedule is gone, and what was collected for listeners that are no more. */
import { sweepInbox, sweepListeners, type SweepPosition } from '../../lib/db/events/sweep.ts';
import { bounded } from '../../lib/db/failure.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Duty } from './duty.ts';

/** The end of a run removes its own; this is for what slips through, so it is in no hurry. */
const EVERY_MS = 20_000;
const PAGE_ROWS = 1000;

export function createListenerSweep({ sql, config }: WorkerDeps): Duty {
  /** Where the last page ended; null: begin again. */
  let listeners: SweepPosition | null = null;
  let inbox: SweepPosition | null = null;

  return {
    name: 'sweep-listeners',
    everyMs: EVERY_MS,
    who: 'leader',
    async tick() {
      const swept = await bounded(sweepListeners(sql, listeners, PAGE_ROWS), config.databaseTimeoutMs);
      listeners = swept[0] ?? null;
      const emptied = await bounded(sweepInbox(sql, inbox, PAGE_ROWS), config.databaseTimeoutMs);
      inbox = emptied[0] ?? null;
      return false;
    },
  };
}
