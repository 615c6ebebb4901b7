/** Starts runs by the clock: one worker, exactly at the fire times. */
import { setTimeout as sleep } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { bounded, isDatabaseUnavailable } from '../../lib/db/failure.ts';
import type { RequeueRow } from '../../lib/db/runs/reconcile.ts';
import {
  findDueSchedules,
  findRestingSchedules,
  findWorkerLives,
  setNextFire,
  type DueSchedule,
} from '../../lib/db/schedules/fire.ts';
import { removeSchedule } from '../../lib/db/schedules/follow.ts';
import { enqueueFired, fireOnce } from '../../lib/schedules/fire.ts';
import { nextStep, type FireStep } from '../../lib/schedules/times.ts';
import { upSinceMs } from '../../lib/schedules/uptime.ts';
import type { WorkerDeps } from '../deps.ts';
import type { Duty } from './duty.ts';

const EVERY_MS = 200;
const PAGE_ROWS = 100;
/** Schedules that fire at the same time. */
const PARALLEL = 5;
/** The end of a run is looked for once in so many ticks. */
const REST_TICKS = 4;
const RETRY_MS = 60_000;

const rfc3339 = (ms: number): string => new Date(ms).toISOString();
const orNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms));

/** Schedules with `after` whose run has ended: the next one comes so long after. */
async function setRestingTimes({ sql, config }: WorkerDeps): Promise<void> {
  const rows = await bounded(findRestingSchedules(sql, PAGE_ROWS), config.databaseTimeoutMs);
  for (const row of rows) {
    const { trigger } = row.spec;
    if (trigger.kind !== 'after') continue;
    const next = rfc3339(row.finished_ms + trigger.delayMs);
    await bounded(setNextFire(sql, row, next), config.databaseTimeoutMs);
  }
}

/** One step of a schedule that is due. */
async function fireStep(deps: WorkerDeps, row: DueSchedule, step: FireStep): Promise<RequeueRow | null> {
  return fireOnce(deps, {
    row,
    runId: uuidv7(),
    trigger: 'schedule',
    fireKey: orNull(step.fireAtMs),
    inputText: 'null',
    fireAt: orNull(step.fireAtMs),
    next: orNull(step.nextFireAtMs),
    skipped: step.skipped,
    maxAttempts: deps.config.retryAttempts,
    usedEventIds: [],
  });
}

/** @returns the run that was inserted, if any */
async function fireDue(deps: WorkerDeps, row: DueSchedule, upSince: number): Promise<RequeueRow | null> {
  const { trigger, catchUp } = row.spec;
  if (row.archived) {
    await removeSchedule(deps, row.org_id, row.workflow_id);
    return null;
  }
  if (trigger.kind === 'on') return null;
  const state = { activatedAtMs: row.activated_ms, nextFireAtMs: row.next_ms, catchUp };
  return fireStep(deps, row, nextStep(trigger, state, { nowMs: row.now_ms, upSinceMs: upSince }));
}

/** A schedule that cannot be worked out (its time zone is no more, say) comes again later and holds up no other. */
async function fireSafely(deps: WorkerDeps, row: DueSchedule, upSince: number): Promise<RequeueRow | null> {
  try {
    return await fireDue(deps, row, upSince);
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error;
    deps.log.error({ err: error, scheduleId: row.id }, 'a schedule could not fire');
    const step = { fireAtMs: null, nextFireAtMs: row.now_ms + RETRY_MS, skipped: 0 };
    return fireStep(deps, row, step);
  }
}

async function firePage(deps: WorkerDeps, rows: readonly DueSchedule[]): Promise<void> {
  const { sql, config, identity } = deps;
  const lives = await bounded(findWorkerLives(sql, identity.id), config.databaseTimeoutMs);
  for (let at = 0; at < rows.length; at += PARALLEL) {
    const chunk = rows.slice(at, at + PARALLEL);
    const runs = await Promise.all(chunk.map((row) => fireSafely(deps, row, upSinceMs(lives, row.now_ms))));
    await enqueueFired(
      deps,
      runs.filter((run) => run !== null),
    );
  }
}

export function createFireSchedules(deps: WorkerDeps): Duty {
  const { sql, config } = deps;
  let ticks = 0;
  return {
    name: 'fire-schedules',
    everyMs: EVERY_MS,
    who: 'leader',
    async tick() {
      ticks += 1;
      if (ticks % REST_TICKS === 0) await setRestingTimes(deps);
      const rows = await bounded(findDueSchedules(sql, EVERY_MS, PAGE_ROWS), config.databaseTimeoutMs);
      const due = rows.filter((row) => row.next_ms <= row.now_ms);
      if (due.length > 0) {
        await firePage(deps, due);
        return true;
      }
      const [next] = rows;
      if (next === undefined) return false;
      await sleep(Math.ceil(next.next_ms - next.now_ms));
      return true;
    },
  };
}
