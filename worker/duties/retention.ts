/**
 * Removes what has been kept for RUN_RETENTION_DAYS: a small batch every so often, so that traffic does not notice. Each
 * kind of rows is a pass through its ids, from the oldest; what may not go yet is looked at again by the next pass.
 */
import { bounded } from '../../lib/db/failure.ts';
import {
  expireBulk,
  expireEvents,
  expireKeys,
  expireNotes,
  expireRuns,
  type Batch,
  type Place,
} from '../../lib/db/retention.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Duty } from './duty.ts';

/** Pause between two batches: at most some 2,500 rows a second, and a quarter of one connection. */
const EVERY_MS = 200;
/** From the end of one pass to the beginning of the next. */
const REST_MS = 60_000;
const HOURS_PER_DAY = 24;

interface Pass {
  batch(place: Place): Promise<Place>;
  place: Place;
  /** When it goes on, by performance.now(). */
  dueMs: number;
  /** The next pass goes on where this one has ended: nothing is left behind. */
  onward: boolean;
}

type RetentionDeps = Pick<WorkerDeps, 'sql' | 'config'>;

/** The passes, whose turn it is first. */
function createPasses({ sql, config }: RetentionDeps): Pass[] {
  const hours = config.runRetentionDays * HOURS_PER_DAY;
  const run = async (query: Promise<Batch[]> & { cancel(): void }): Promise<Place> =>
    (await bounded(query, config.databaseTimeoutMs))[0]?.place ?? null;
  const pass = (batch: Pass['batch'], onward = false): Pass => ({ batch, place: null, dueMs: 0, onward });
  return [
    pass((place) => run(expireRuns(sql, place, hours))),
    pass((place) => run(expireEvents(sql, place, hours))),
    pass((place) => run(expireBulk(sql, place, hours))),
    pass(async () => {
      const [row] = await bounded(expireNotes(sql, hours), config.databaseTimeoutMs);
      return row === undefined || row.gone === 0 ? null : '';
    }),
    // All runs of the last month are looked at once, and not every minute.
    pass((place) => run(expireKeys(sql, place)), true),
  ];
}

/** @param restMs of a pass that is over */
export function createRetention(deps: RetentionDeps, restMs = REST_MS): Duty {
  const passes = createPasses(deps);
  return {
    name: 'retention',
    everyMs: EVERY_MS,
    who: 'leader',
    async tick() {
      const nowMs = performance.now();
      const pass = passes.find(({ dueMs }) => dueMs <= nowMs);
      if (pass === undefined) return false;
      // The others have their turn before it, also when it fails.
      passes.push(...passes.splice(passes.indexOf(pass), 1));
      const place = await pass.batch(pass.place);
      if (place === null) pass.dueMs = nowMs + restMs;
      if (place !== null || !pass.onward) pass.place = place;
      return false;
    },
  };
}
