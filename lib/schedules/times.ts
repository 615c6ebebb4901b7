/** When a schedule fires. Pure: the clock is an argument. All times are epoch milliseconds of the database's clock. */
import { nextCronMs } from './cron.ts';
import type { TimedTrigger } from './spec.ts';

/** Fire times of one outage that are counted at most. */
const MAX_COUNTED = 1000;
/** Fire times that are made up for one by one at most, when a worker was up but could not fire. */
const MAX_LATE = 60;
const MINUTE_MS = 60_000;

/** How a schedule stands. */
export interface FireState {
  /** When its fire times began to count: intervals are measured from there. */
  activatedAtMs: number;
  /** The next fire time, which is over. */
  nextFireAtMs: number;
  /** A fire time that nobody was up for makes a run later. */
  catchUp: boolean;
}

export interface FireClock {
  nowMs: number;
  /** Since when a worker has been up without a gap. */
  upSinceMs: number;
}

/** What to do about the fire time that is over. */
export interface FireStep {
  /** The fire time that makes a run; null when none does. */
  fireAtMs: number | null;
  /** null: at the end of the run (`after`), or never again. */
  nextFireAtMs: number | null;
  /** Fire times that make none. */
  skipped: number;
}

/** The first fire time after a moment; null for `after`, whose next time the end of a run decides, and when none is left. */
export function followingMs(trigger: TimedTrigger, activatedAtMs: number, afterMs: number): number | null {
  switch (trigger.kind) {
    case 'after':
      return null;
    case 'cron':
      return nextCronMs(trigger.cron, trigger.timeZone, afterMs);
    case 'every': {
      const passed = Math.max(0, Math.floor((afterMs - activatedAtMs) / trigger.intervalMs));
      return activatedAtMs + (passed + 1) * trigger.intervalMs;
    }
  }
}

/** The first fire time of a schedule that is activated now. */
export const firstMs = (trigger: TimedTrigger, nowMs: number): number | null =>
  trigger.kind === 'after' ? nowMs : followingMs(trigger, nowMs, nowMs);

/** Of the fire times from `fromMs`, which is one, and before `untilMs`: the last one. */
function lastBefore(trigger: TimedTrigger, activatedAtMs: number, fromMs: number, untilMs: number): number {
  let [low, high] = [fromMs, untilMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const next = followingMs(trigger, activatedAtMs, middle);
    if (next !== null && next < untilMs) low = next;
    else high = middle;
  }
  return low;
}

/** How many fire times there are from `fromMs` to `lastMs`, both of which are some. */
function countBetween(trigger: TimedTrigger, activatedAtMs: number, fromMs: number, lastMs: number): number {
  if (trigger.kind === 'every') return Math.round((lastMs - fromMs) / trigger.intervalMs) + 1;
  let count = 1;
  for (let at: number | null = fromMs; at !== null && at < lastMs && count < MAX_COUNTED; count++) {
    at = followingMs(trigger, activatedAtMs, at);
  }
  return count;
}

/** Fire times before it were missed: no worker was up, or they are too many to be made up for. */
function missedBeforeMs(trigger: TimedTrigger, { nowMs, upSinceMs }: FireClock): number {
  if (trigger.kind === 'after') return upSinceMs;
  const shortestMs = trigger.kind === 'every' ? trigger.intervalMs : MINUTE_MS;
  return Math.max(upSinceMs, nowMs - MAX_LATE * shortestMs);
}

/**
 * Decides about a fire time that is over: while a worker is up, each makes its run; of those that were missed, the last
 * one does, or none.
 */
export function nextStep(trigger: TimedTrigger, state: FireState, clock: FireClock): FireStep {
  const { activatedAtMs, nextFireAtMs: dueMs, catchUp } = state;
  const missedMs = missedBeforeMs(trigger, clock);
  if (trigger.kind === 'after') {
    if (dueMs >= missedMs || catchUp) return { fireAtMs: dueMs, nextFireAtMs: null, skipped: 0 };
    return { fireAtMs: null, nextFireAtMs: clock.nowMs + trigger.delayMs, skipped: 1 };
  }
  if (dueMs >= missedMs) {
    return { fireAtMs: dueMs, nextFireAtMs: followingMs(trigger, activatedAtMs, dueMs), skipped: 0 };
  }
  const lastMs = lastBefore(trigger, activatedAtMs, dueMs, missedMs);
  const missed = countBetween(trigger, activatedAtMs, dueMs, lastMs);
  return {
    fireAtMs: catchUp ? lastMs : null,
    nextFireAtMs: followingMs(trigger, activatedAtMs, lastMs),
    skipped: catchUp ? missed - 1 : missed,
  };
}
