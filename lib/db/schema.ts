/**
 * The tables (design, section 5). The source of the migrations: `npm run migrate:generate` writes the
 * difference, a person reads it, `npm run migrate:check` proves that nothing was forgotten.
 */
import { sql } from 'drizzle-orm';
import {
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
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'string' });
const createdAt = () => time('created_at').notNull().defaultNow();

export const orgs = pgTable('orgs', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: createdAt(),
});

export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    name: text('name'),
    /** SHA-256 of the secret part, in hex. The secret itself is shown once and never stored. */
    secretHash: text('secret_hash').notNull(),
    scopes: text('scopes').array().notNull(),
    createdAt: createdAt(),
    revokedAt: time('revoked_at'),
  },
  (t) => [index('api_keys_org').on(t.orgId, t.id)],
);

export const workflows = pgTable(
  'workflows',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    name: text('name').notNull(),
    draft: json('draft').notNull(),
    /** The definition as it was sent (YAML or JSON text). */
    draftSource: text('draft_source').notNull(),
    /** SHA-256 of the source, in hex. */
    draftDigest: text('draft_digest').notNull(),
    /** The newest version; null until the first publish. */
    publishedVersion: integer('published_version'),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull().defaultNow(),
    archivedAt: time('archived_at'),
  },
  (t) => [unique('workflows_org_id').on(t.orgId, t.id)],
);

export const workflowVersions = pgTable(
  'workflow_versions',
  {
    orgId: uuid('org_id').notNull(),
    workflowId: uuid('workflow_id').notNull(),
    version: integer('version').notNull(),
    definition: json('definition').notNull(),
    source: text('source').notNull(),
    digest: text('digest').notNull(),
    createdAt: createdAt(),
    publishedBy: text('published_by').notNull(),
    /** External documents as they were at publish (lib/resources); null when the definition names none. */
    resources: json('resources'),
    /** The definition has an `input.schema`: a start is checked against it before the row is inserted. */
    checksInput: boolean('checks_input').notNull().default(false),
  },
  (t) => [
    index('workflow_versions_document').on(
      t.orgId,
      sql`(${t.definition} #>> '{document,namespace}')`,
      sql`(${t.definition} #>> '{document,name}')`,
    ),
    primaryKey({ name: 'workflow_versions_pk', columns: [t.orgId, t.workflowId, t.version] }),
    foreignKey({
      name: 'workflow_versions_workflow',
      columns: [t.orgId, t.workflowId],
      foreignColumns: [workflows.orgId, workflows.id],
    }),
  ],
);

export const workflowRuns = pgTable(
  'workflow_runs',
  {
    id: uuid('id').primaryKey(),
    orgId: uuid('org_id').notNull(),
    workflowId: uuid('workflow_id').notNull(),
    version: integer('version').notNull(),
    status: text('status').notNull().default('queued'),
    /** What started it: `api`, `batch`, `workflow`. */
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
  },
  (t) => [
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
    index('workflow_runs_workflow').on(t.orgId, t.workflowId, t.id),
    index('workflow_runs_due')
      .on(sql`(COALESCE(${t.nextAttemptAt}, ${t.createdAt}))`, t.id)
      .where(sql`${t.status} IN ('queued','waiting')`),
    index('workflow_runs_running')
      .on(t.claimedBy)
      .where(sql`${t.status} = 'running'`),
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

/** Values that workflows read as `$secrets`; sealed, never answered. */
export const secrets = pgTable(
  'secrets',
  {
    orgId: uuid('org_id')
      .notNull()
      .references(() => orgs.id),
    name: text('name').notNull(),
    /** Which of the deployment's keys sealed the value. */
    keyId: text('key_id').notNull(),
    /** Base64 of nonce, ciphertext and tag (AES-256-GCM). */
    sealed: text('sealed').notNull(),
    createdAt: createdAt(),
    updatedAt: time('updated_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ name: 'secrets_pk', columns: [t.orgId, t.name] })],
);

/** Worker processes. Alive = a heartbeat younger than the lease, by the database's clock. */
export const workers = pgTable('workers', {
  id: uuid('id').primaryKey(),
  hostname: text('hostname').notNull(),
  pid: integer('pid').notNull(),
  concurrency: integer('concurrency').notNull(),
  startedAt: time('started_at').notNull().defaultNow(),
  heartbeatAt: time('heartbeat_at').notNull().defaultNow(),
  /** Set at a graceful stop: takes no more jobs. */
  stoppingAt: time('stopping_at'),
});

/** One leader at a time for a named duty: a row with an expiry, since session locks break behind poolers. */
export const leaders = pgTable('leaders', {
  name: text('name').primaryKey(),
  holder: uuid('holder').notNull(),
  expiresAt: time('expires_at').notNull(),
});
