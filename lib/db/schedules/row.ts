/** A schedule's row as it is read, and the resource of contract section 3 made of it. */
import type { Json } from '../../engine/types.ts';
import type { Overlap, Trigger } from '../../schedules/spec.ts';
import type { StoredSpec } from '../../schedules/stored.ts';
import type { Sql } from '../client.ts';
import { toRfc3339 } from '../time.ts';

export interface ScheduleRow {
  id: string;
  org_id: string;
  workflow_id: string;
  version: number;
  kind: Trigger['kind'];
  /** Written by this service (lib/schedules/stored.ts). */
  spec: StoredSpec;
  overlap: Overlap;
  next_fire_at: string | null;
  last_fire_at: string | null;
  last_run_id: string | null;
  skipped_count: number;
  paused_at: string | null;
  created_at: string;
  /** When its fire times began to count. */
  updated_at: string;
}

/** A schedule as callers see it: when it fires is as the definition says it. */
export type ScheduleResource = {
  id: string;
  workflowId: string;
  version: number;
  kind: Trigger['kind'];
  overlap: Overlap;
  catchUp: boolean;
  nextFireAt: string | null;
  lastFireAt: string | null;
  lastRunId: string | null;
  /** Fire times and events that made no run. */
  skippedCount: number;
  pausedAt: string | null;
  createdAt: string;
} & { [when in 'every' | 'cron' | 'timeZone' | 'after' | 'on' | 'read']?: Json };

/** The columns of `ScheduleRow`, for SELECT and RETURNING. */
export const scheduleColumns = (sql: Sql) => sql`s.id, s.org_id, s.workflow_id, s.version, s.kind, s.spec,
  s.overlap, s.next_fire_at, s.last_fire_at, s.last_run_id, s.skipped_count::float8 AS skipped_count, s.paused_at,
  s.created_at, s.updated_at`;

function whenOf({ trigger, read }: StoredSpec): Partial<ScheduleResource> {
  switch (trigger.kind) {
    case 'every':
      return { every: trigger.every };
    case 'cron':
      return { cron: trigger.cron, timeZone: trigger.timeZone };
    case 'after':
      return { after: trigger.after };
    case 'on':
      return { on: trigger.on, read };
  }
}

export const toScheduleResource = (row: ScheduleRow): ScheduleResource => ({
  id: row.id,
  workflowId: row.workflow_id,
  version: row.version,
  kind: row.kind,
  ...whenOf(row.spec),
  overlap: row.overlap,
  catchUp: row.spec.catchUp,
  nextFireAt: toRfc3339(row.next_fire_at),
  lastFireAt: toRfc3339(row.last_fire_at),
  lastRunId: row.last_run_id,
  skippedCount: row.skipped_count,
  pausedAt: toRfc3339(row.paused_at),
  createdAt: toRfc3339(row.created_at),
});
