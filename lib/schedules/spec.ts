/** What `schedule` of a definition says (dsl-reference, Schedule), with everything known at publish worked out. */
import { parseDuration } from '../engine/duration.ts';
import { isJsonObject, member, type JsonObject } from '../engine/json.ts';
import type { Json } from '../engine/types.ts';
import type { ErrorItem } from '../errors.ts';
import type { ReadAs } from '../tasks/events/data.ts';
import { nextCronMs, readCron } from './cron.ts';
import { constantOf, ScheduleProblem } from './problem.ts';
import { readStrategy, type Strategy } from './strategy.ts';

/** Runs start by the clock. What the definition says is kept as it was written. */
export type TimedTrigger =
  | { kind: 'every'; every: Json; intervalMs: number }
  | { kind: 'cron'; cron: string; timeZone: string }
  /** At once, then so long after the end of the run before. */
  | { kind: 'after'; after: Json; delayMs: number };

/** Runs start by events. */
interface EventTrigger {
  kind: 'on';
  on: Json;
  strategy: Strategy;
}

export type Trigger = TimedTrigger | EventTrigger;

/** What happens when a run is to start while the one before has not ended. */
export type Overlap = 'allow' | 'skip' | 'cancel';

export interface Schedule {
  trigger: Trigger;
  overlap: Overlap;
  /** A fire time for which no worker was up makes a run later. */
  catchUp: boolean;
  /** How the run's input gives the events. */
  read: ReadAs;
}

/** Shorter intervals would be a load test. */
const MIN_INTERVAL_MS = 1000;
/** Some hundred years: the times that it leads to can be written. */
const MAX_INTERVAL_MS = 36_525 * 24 * 3_600_000;
const OVERLAPS: readonly string[] = ['allow', 'skip', 'cancel'];

function intervalOf(schedule: Json, name: 'every' | 'after'): number {
  const path = `/schedule/${name}`;
  const duration = parseDuration(constantOf(member(schedule, name) ?? null, path));
  if (!duration.ok) throw new ScheduleProblem(path, duration.problem);
  if (duration.ms < MIN_INTERVAL_MS) {
    throw new ScheduleProblem(path, `\`${name}\` must be at least one second, \`PT1S\``);
  }
  if (duration.ms > MAX_INTERVAL_MS) {
    throw new ScheduleProblem(path, `\`${name}\` must be at most 36525 days, \`P36525D\``);
  }
  return duration.ms;
}

function isTimeZone(name: string): boolean {
  try {
    // Throws for a name that it does not know.
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function cronOf(text: string, settings: Json | undefined, nowMs: number): TimedTrigger {
  const { fields, timeZone: prefix } = readCron(text);
  const setting = member(settings, 'timeZone');
  const timeZone = prefix ?? (typeof setting === 'string' ? setting : 'UTC');
  if (!isTimeZone(timeZone)) {
    const path = prefix === null ? '/document/metadata/vespid/schedule/timeZone' : '/schedule/cron';
    throw new ScheduleProblem(path, 'the time zone is unknown; write an IANA name such as `Europe/Berlin`');
  }
  if (nextCronMs(fields, timeZone, nowMs) === null) {
    throw new ScheduleProblem('/schedule/cron', 'there is no such day: the schedule would never fire');
  }
  return { kind: 'cron', cron: fields, timeZone };
}

function triggerOf(schedule: JsonObject, settings: Json | undefined, nowMs: number): Trigger {
  const { every, cron, after, on } = schedule;
  if (every !== undefined) return { kind: 'every', every, intervalMs: intervalOf(schedule, 'every') };
  if (after !== undefined) return { kind: 'after', after, delayMs: intervalOf(schedule, 'after') };
  if (typeof cron === 'string') return cronOf(cron, settings, nowMs);
  return { kind: 'on', on: on ?? null, strategy: readStrategy(on ?? null, '/schedule/on') };
}

/** Up to 1.0.3 the language gave events as envelopes; later it reads their data (dsl-notes, 2.1, item 5). */
function defaultRead(definition: Json): ReadAs {
  const dsl = member(member(definition, 'document'), 'dsl');
  const [major = 1, minor = 0, patch = 0] = typeof dsl === 'string' ? dsl.split(/[.-]/).map(Number) : [];
  return major === 1 && minor === 0 && patch <= 3 ? 'envelope' : 'data';
}

/**
 * Reads the schedule of a valid definition.
 * @param nowMs epoch milliseconds
 * @returns null when the definition has none
 * @throws {ScheduleProblem} when it could not be kept
 */
export function readSchedule(definition: Json, nowMs: number): Schedule | null {
  const schedule = member(definition, 'schedule');
  if (!isJsonObject(schedule)) return null;
  const metadata = member(member(definition, 'document'), 'metadata');
  const settings = member(member(metadata, 'vespid'), 'schedule');
  const overlap = member(settings, 'overlap') ?? 'allow';
  const read = member(schedule, 'read');
  return {
    trigger: triggerOf(schedule, settings, nowMs),
    overlap: isOverlap(overlap) ? overlap : 'allow',
    catchUp: member(settings, 'catchUp') !== false,
    read: read === 'data' || read === 'envelope' || read === 'raw' ? read : defaultRead(definition),
  };
}

const isOverlap = (value: Json): value is Overlap => typeof value === 'string' && OVERLAPS.includes(value);

/** What keeps the schedule of a valid definition from being one. */
export function scheduleErrors(definition: Json, nowMs: number): ErrorItem[] {
  try {
    readSchedule(definition, nowMs);
    return [];
  } catch (error) {
    if (error instanceof ScheduleProblem) return [error.item];
    throw error;
  }
}
