/** Runs, their timelines and their progress. */
import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { createdAt, time } from './columns.ts';
import { workflowVersions } from './workflows.ts';

/** The columns of the index conditions. */
type OpenColumns = Record<
  'finishedAt' | 'resuming' | 'nextAttemptAt' | 'suspendedGeneration' | 'generation',
  AnyPgColumn
>;

/** Queued and running runs. */
const isActive = (t: OpenColumns) =>
  sql`${t.finishedAt} IS NULL AND NOT (${t.resuming} AND ${t.nextAttemptAt} IS NOT NULL) AND ${t.suspendedGeneration} IS DISTINCT FROM ${t.generation}`;

export const workflowRuns = pgTable(
  'workflow_runs',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id').notNull(),
    workflowId: uuid('workflow_id').notNull(),
    version: integer('version').notNull(),
    status: text('status').notNull().default('queued'),
    /** What started it: `api`, `batch`, `workflow`, `schedule`, `event`, `rerun`. */
    trigger: text('trigger').notNull(),
    requestedBy: text('requested_by').notNull(),
    priority: smallint('priority').notNull().default(5),
    labels: jsonb('labels').notNull().default({}),
    input: json('input'),
    output: json('output'),
    error: json('error'),
    /** Tries begun. A resumption after a timer, an event or a hand-over is not a try. */
    attemptCount: integer('attempt_count').notNull().default(0),
    maxAttempts: integer('max_attempts').notNull(),
    /** Not to be run before: `startAt`, the end of a retry's backoff, the end of a `wait`. */
    nextAttemptAt: time('next_attempt_at'),
    /** Fencing token: counts every claim; every write of an attempt names the one it holds. */
    lease: integer('lease').notNull().default(0),
    /** Counts the transitions that made a new job; the job id is `<runId>-<generation>`. */
    generation: integer('generation').notNull().default(0),
    claimedBy: uuid('claimed_by'),
    /** The next claim goes on with the attempt under way. */
    resuming: boolean('resuming').notNull().default(false),
    /** A replay of the idempotency key saw the job in Redis: the row may no longer be deleted. */
    accepted: boolean('accepted').notNull().default(false),
    idempotencyKey: text('idempotency_key'),
    /** SHA-256 of method, path and body of the request that used the key. */
    idempotencyDigest: text('idempotency_digest'),
    /** The interpreter's progress tree; null before the first checkpoint and after the end. */
    progress: json('progress'),
    /** Timeline entries written so far; the next entry's number. */
    timelineCount: integer('timeline_count').notNull().default(0),
    /** Timeline entries beyond the cap: counted, not kept. */
    timelineDropped: bigint('timeline_dropped', { mode: 'number' }).notNull().default(0),
    createdAt: createdAt(),
    /** When the status was last set: since when a run waits. */
    statusSince: time('status_since').notNull().defaultNow(),
    startedAt: time('started_at'),
    finishedAt: time('finished_at'),
    /** The run whose `run: workflow` task started this one. */
    parentRunId: uuid('parent_run_id'),
    /** The parent waits for this run: its end wakes the parent, and the parent's cancellation cancels it. */
    parentAwaits: boolean('parent_awaits').notNull().default(false),
    /** How many runs stand above this one. */
    depth: smallint('depth').notNull().default(0),
    /** What a run waits for has happened since its last claim: it may not go to sleep. */
    signalled: boolean('signalled').notNull().default(false),
    /** Its worker is to stop before the next task; wherever the run would go but to an end, it is suspended. */
    suspending: boolean('suspending').notNull().default(false),
    /** The format that a worker must read to work on it: that of the version, or of the recorded progress. */
    format: smallint('format').notNull().default(1),
    /** The run that this one repeats. */
    rerunOf: uuid('rerun_of'),
    /** The schedule that started it, and for what: at most one run for each (`schedules`). */
    scheduleId: uuid('schedule_id'),
    fireKey: text('fire_key'),
    /** The generation under which it was suspended. Whatever ends the suspension raises `generation`. */
    suspendedGeneration: integer('suspended_generation'),
  },
  (t) => [
    // Conditions and columns that a claim and a checkpoint leave as they are, so that both are HOT (lib/db/runs/open.ts).
    index('workflow_runs_active_due')
      .on(sql`(COALESCE(${t.nextAttemptAt}, ${t.createdAt}))`, t.id)
      .where(isActive(t)),
    index('workflow_runs_active_org').on(t.orgId).where(isActive(t)),
    index('workflow_runs_resting')
      .on(t.nextAttemptAt, t.id)
      .where(
        sql`${t.finishedAt} IS NULL AND ${t.resuming} AND ${t.nextAttemptAt} IS NOT NULL AND ${t.suspendedGeneration} IS DISTINCT FROM ${t.generation}`,
      ),
    uniqueIndex('workflow_runs_fire')
      .on(t.scheduleId, t.fireKey)
      .where(sql`${t.scheduleId} IS NOT NULL`),
    index('workflow_runs_parent')
      .on(t.parentRunId)
      .where(sql`${t.parentRunId} IS NOT NULL`),
    foreignKey({
      name: 'workflow_runs_version',
      columns: [t.orgId, t.workflowId, t.version],
      foreignColumns: [workflowVersions.orgId, workflowVersions.workflowId, workflowVersions.version],
    }),
    check(
      'workflow_runs_status',
      sql`${t.status} IN ('queued','running','waiting','suspended','succeeded','failed','cancelled')`,
    ),
    uniqueIndex('workflow_runs_idempotency')
      .on(t.orgId, t.idempotencyKey)
      .where(sql`${t.idempotencyKey} IS NOT NULL`),
    index('workflow_runs_org').on(t.orgId, t.id),
    index('workflow_runs_of_workflow').on(t.workflowId, t.id),
  ],
);

/**
 * The timeline: one row a checkpoint, its entries as an array. Append-only, partitioned by `created_at`
 * (written by hand in the migration: drizzle does not know partitions; a default partition always exists).
 */
export const workflowRunEvents = pgTable(
  'workflow_run_events',
  {
    runId: uuid('run_id').notNull(),
    orgId: uuid('org_id').notNull(),
    /** Number of the first entry of this row; entry i has the number `first + i`. */
    first: integer('first').notNull(),
    entries: json('entries').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ name: 'workflow_run_events_pk', columns: [t.runId, t.first, t.createdAt] })],
);

/**
 * The parts of a progress tree that do not fit the run's row: one a branch of a fork and one a large value. Written
 * with the checkpoint, fenced on the run's lease (lib/engine/parts.ts).
 */
export const workflowRunProgress = pgTable(
  'workflow_run_progress',
  {
    runId: uuid('run_id').notNull(),
    /** Named by the tree. */
    part: integer('part').notNull(),
    body: json('body').notNull(),
  },
  (t) => [primaryKey({ name: 'workflow_run_progress_pk', columns: [t.runId, t.part] })],
);

/** Timeline rows of orgs that follow the life of their runs: to become CloudEvents. */
export const lifecycleOutbox = pgTable(
  'lifecycle_outbox',
  {
    runId: uuid('run_id').notNull(),
    orgId: uuid('org_id').notNull(),
    /** The timeline row: number of its first entry, and when it was written. */
    first: integer('first').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ name: 'lifecycle_outbox_pk', columns: [t.createdAt, t.runId, t.first] })],
);
