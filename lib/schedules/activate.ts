/** The schedule of a version that is published, or of one that is resumed. */
import { uuidv7 } from 'uuidv7';
import type { NewListener } from '../db/events/listeners.ts';
import { bounded, type Database } from '../db/failure.ts';
import { findNow, type NewSchedule } from '../db/schedules/follow.ts';
import { isJsonObject, member } from '../engine/json.ts';
import type { Json } from '../engine/types.ts';
import { toNewListener } from '../events/listener.ts';
import { readSchedule, type Trigger } from './spec.ts';
import { toStored } from './stored.ts';
import { firstMs, followingMs } from './times.ts';

const orNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export const listenersOf = (trigger: Trigger): NewListener[] =>
  trigger.kind === 'on' ? trigger.strategy.filters.map((filter, index) => toNewListener(index, filter)) : [];

/**
 * Reads the schedule of a valid definition, as it begins now.
 * @returns null when there is none
 * @throws {ScheduleProblem} when it could not be kept
 */
export async function scheduleToPublish(
  { sql, config }: Database,
  definition: Json,
): Promise<NewSchedule | null> {
  if (!isJsonObject(member(definition, 'schedule'))) return null;
  const [clock] = await bounded(findNow(sql), config.databaseTimeoutMs);
  const nowMs = Math.floor(clock?.now_ms ?? Date.now());
  const schedule = readSchedule(definition, nowMs);
  if (schedule === null) return null;
  const { trigger, overlap } = schedule;
  return {
    id: uuidv7(),
    kind: trigger.kind,
    specText: JSON.stringify(toStored(schedule)),
    overlap,
    activatedAt: new Date(nowMs).toISOString(),
    nextFireAt: trigger.kind === 'on' ? null : orNull(firstMs(trigger, nowMs)),
    listeners: listenersOf(trigger),
  };
}

/** RFC 3339: the first fire time from now on of one that was paused; null when a run's end or events decide. */
export function resumedAt(trigger: Trigger, activatedAtMs: number, nowMs: number): string | null {
  return trigger.kind === 'on' ? null : orNull(followingMs(trigger, activatedAtMs, nowMs));
}
