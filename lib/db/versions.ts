/** Published versions: frozen definitions, numbered from 1 within a workflow. */
import { and, desc, eq, lt } from 'drizzle-orm';
import type { Json } from '../engine/types.ts';
import type { KeptResources } from '../resources/types.ts';
import { bounded, type Database } from './failure.ts';
import { orm } from './orm.ts';
import { followVersion, type NewSchedule } from './schedules/follow.ts';
import { workflows, workflowVersions } from './schema.ts';
import { toRfc3339 } from './time.ts';

/** A version as callers see it in lists. */
export interface VersionSummary {
  workflowId: string;
  version: number;
  /** SHA-256 of the source text, hex. */
  digest: string;
  createdAt: string;
  publishedBy: string;
}

/** A version as callers see it alone: with its definition. */
export interface Version extends VersionSummary {
  definition: Json;
}

const summaryColumns = {
  workflowId: workflowVersions.workflowId,
  version: workflowVersions.version,
  digest: workflowVersions.digest,
  createdAt: workflowVersions.createdAt,
  publishedBy: workflowVersions.publishedBy,
};

/** A draft as it stands, to be validated before it is published. */
export interface PublishableDraft {
  definition: Json;
  digest: string;
  archived: boolean;
  /** The newest version, when it is this draft already. */
  published: VersionSummary | null;
}

/** The workflow's draft, or null when the org has no such workflow. */
export async function findDraft(
  database: Database,
  orgId: string,
  workflowId: string,
): Promise<PublishableDraft | null> {
  const [row] = await orm(database)
    .select({
      definition: workflows.draft,
      digest: workflows.draftDigest,
      archivedAt: workflows.archivedAt,
      published: summaryColumns,
    })
    .from(workflows)
    .leftJoin(
      workflowVersions,
      and(
        eq(workflowVersions.orgId, workflows.orgId),
        eq(workflowVersions.workflowId, workflows.id),
        eq(workflowVersions.version, workflows.publishedVersion),
        eq(workflowVersions.digest, workflows.draftDigest),
      ),
    )
    .where(and(eq(workflows.orgId, orgId), eq(workflows.id, workflowId)));
  if (row === undefined) return null;
  const { digest, archivedAt, published } = row;
  return {
    // Parsed and validated before it was stored.
    definition: row.definition as Json,
    digest,
    archived: archivedAt !== null,
    published: published && { ...published, createdAt: toRfc3339(published.createdAt) },
  };
}

export interface DraftToPublish {
  orgId: string;
  workflowId: string;
  digest: string;
  publishedBy: string;
  /** What was kept of the external documents that it names; null when it names none. */
  resources: KeptResources | null;
  /** What a worker must read to execute it (lib/dsl/format.ts). */
  format: number;
  /** When it starts runs by itself; null when it does not. */
  schedule: NewSchedule | null;
}

/**
 * Freezes the draft with that digest as version n+1, or finds the newest version to be the same already. The workflow's
 * schedule follows a new version.
 * The workflow's row is locked; but after waiting for the lock, a version that another publish has just
 * committed is not yet visible to this statement: then nothing is inserted and the caller tries again.
 * @returns the version, or null when the workflow changed meanwhile (draft, newest version, archived)
 */
export async function publishDraft(
  { sql, config }: Database,
  draft: DraftToPublish,
): Promise<VersionSummary | null> {
  const query = sql<{ version: number; created_at: string; published_by: string }[]>`
    WITH draft AS (
      SELECT * FROM workflows
      WHERE org_id = ${draft.orgId} AND id = ${draft.workflowId}
        AND draft_digest = ${draft.digest} AND archived_at IS NULL
      FOR UPDATE
    ), newest AS (
      SELECT v.version, v.digest, v.created_at, v.published_by
      FROM draft JOIN workflow_versions v
        ON v.org_id = draft.org_id AND v.workflow_id = draft.id AND v.version = draft.published_version
    ), inserted AS (
      INSERT INTO workflow_versions
        (org_id, workflow_id, version, definition, source, digest, published_by, resources, checks_input, format)
      SELECT org_id, id, COALESCE(published_version, 0) + 1, draft, draft_source, draft_digest, ${draft.publishedBy},
        ${draft.resources === null ? null : JSON.stringify(draft.resources)}::text::json,
        (draft #> '{input,schema}') IS NOT NULL, ${draft.format}::smallint
      FROM draft
      WHERE published_version IS NULL OR EXISTS (SELECT 1 FROM newest WHERE newest.digest <> draft.draft_digest)
      RETURNING version, created_at, published_by
    ), updated AS (
      UPDATE workflows SET published_version = inserted.version, updated_at = now()
      FROM inserted WHERE org_id = ${draft.orgId} AND id = ${draft.workflowId}
    )${followVersion(sql, draft, draft.schedule)}
    SELECT version, created_at, published_by FROM inserted
    UNION ALL
    SELECT version, created_at, published_by FROM newest WHERE digest = ${draft.digest}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  if (row === undefined) return null;
  return {
    workflowId: draft.workflowId,
    version: row.version,
    digest: draft.digest,
    createdAt: toRfc3339(row.created_at),
    publishedBy: row.published_by,
  };
}

/** The workflow's versions, newest first: at most `limit` with a number below `before`. */
export async function listVersions(
  database: Database,
  orgId: string,
  workflowId: string,
  page: { limit: number; before: number | null },
): Promise<VersionSummary[]> {
  const rows = await orm(database)
    .select(summaryColumns)
    .from(workflowVersions)
    .where(
      and(
        eq(workflowVersions.orgId, orgId),
        eq(workflowVersions.workflowId, workflowId),
        page.before === null ? undefined : lt(workflowVersions.version, page.before),
      ),
    )
    .orderBy(desc(workflowVersions.version))
    .limit(page.limit);
  return rows.map((row) => ({ ...row, createdAt: toRfc3339(row.createdAt) }));
}

/** One version, or null. */
export async function findVersion(
  database: Database,
  orgId: string,
  workflowId: string,
  version: number,
): Promise<Version | null> {
  const [row] = await orm(database)
    .select({ ...summaryColumns, definition: workflowVersions.definition })
    .from(workflowVersions)
    .where(
      and(
        eq(workflowVersions.orgId, orgId),
        eq(workflowVersions.workflowId, workflowId),
        eq(workflowVersions.version, version),
      ),
    );
  // Parsed and validated before it was published.
  return row === undefined
    ? null
    : { ...row, definition: row.definition as Json, createdAt: toRfc3339(row.createdAt) };
}
