/** Workflows and their frozen versions. */
import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  index,
  integer,
  json,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { createdAt, time } from './columns.ts';
import { orgs } from './orgs.ts';

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
    /** The format that a worker must read to execute it (lib/formats.ts). */
    format: smallint('format').notNull().default(1),
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
