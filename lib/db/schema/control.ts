/** What starts, cancels and repeats runs without a request for each. */
import { sql } from 'drizzle-orm';
import { bigint, foreignKey, index, integer, json, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core';
import { createdAt, time } from './columns.ts';
import { orgs } from './orgs.ts';
import { workflowVersions } from './workflows.ts';

/** When published workflows start by themselves: at most one a workflow, that of its newest version. */
export const schedules = pgTable(
  'schedules',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id').notNull(),
    workflowId: uuid('workflow_id').notNull(),
    version: integer('version').notNull(),
    /** `every`, `cron`, `after` or `on`. */
    kind: text('kind').notNull(),
    /** What the kind needs (lib/schedules). */
    spec: json('spec').notNull(),
    /** What happens while the run before has not ended: `allow`, `skip` or `cancel`. */
    overlap: text('overlap').notNull(),
    /** null: waits for the end of a run, for events, or is paused. */
    nextFireAt: time('next_fire_at'),
    lastFireAt: time('last_fire_at'),
    lastRunId: uuid('last_run_id'),
    /** Fire times that made no run: the one before had not ended, or no worker was up. */
    skippedCount: bigint('skipped_count', { mode: 'number' }).notNull().default(0),
    pausedAt: time('paused_at'),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (t) => [
    unique('schedules_workflow').on(t.orgId, t.workflowId),
    foreignKey({
      name: 'schedules_version',
      columns: [t.orgId, t.workflowId, t.version],
      foreignColumns: [workflowVersions.orgId, workflowVersions.workflowId, workflowVersions.version],
    }),
    // Those that wait for the end of a run.
    index('schedules_resting')
      .on(t.id)
      .where(sql`${t.kind} = 'after' AND ${t.nextFireAt} IS NULL`),
    index('schedules_due')
      .on(t.nextFireAt)
      .where(sql`${t.nextFireAt} IS NOT NULL`),
  ],
);

/** Cancelling or repeating many runs, page by page. */
export const bulkOperations = pgTable(
  'bulk_operations',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    /** `cancel` or `rerun`. */
    action: text('action').notNull(),
    options: json('options').notNull(),
    /** Which runs, as in their list. */
    filter: json('filter').notNull(),
    /** `dry_run`, `running`, `completed` or `aborted`. */
    status: text('status').notNull(),
    /** Runs that the filter matched at the beginning. */
    matchedCount: integer('matched_count').notNull(),
    /** Looked at so far, and of those: done, and why not. */
    processedCount: integer('processed_count').notNull().default(0),
    succeededCount: integer('succeeded_count').notNull().default(0),
    skippedCount: integer('skipped_count').notNull().default(0),
    /** The last run that was looked at; null at the beginning. */
    position: uuid('position'),
    requestedBy: text('requested_by').notNull(),
    createdAt: createdAt(),
    finishedAt: time('finished_at'),
  },
  (t) => [
    index('bulk_operations_org').on(t.orgId, t.id),
    index('bulk_operations_running')
      .on(t.id)
      .where(sql`${t.status} = 'running'`),
  ],
);
