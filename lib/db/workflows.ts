/** Workflows: the draft that is edited. Published versions are in versions.ts. */
import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm';
import type { Json } from '../engine/types.ts';
import type { Database } from './failure.ts';
import { orm } from './orm.ts';
import { workflows } from './schema.ts';
import { toRfc3339 } from './time.ts';

/** A draft to store. */
export interface Draft {
  name: string;
  definition: Json;
  /** The definition as it was sent (YAML or JSON text). */
  source: string;
  /** SHA-256 of the source, hex. */
  digest: string;
}

/** A workflow as callers see it in lists. */
export interface WorkflowSummary {
  id: string;
  orgId: string;
  name: string;
  status: 'draft' | 'published' | 'archived';
  /** The newest published version, or null. */
  version: number | null;
  createdAt: string;
  updatedAt: string;
  archivedAt?: string;
}

/** A workflow as callers see it alone: with its draft. */
export interface Workflow extends WorkflowSummary {
  definition: Json;
}

const summaryColumns = {
  id: workflows.id,
  orgId: workflows.orgId,
  name: workflows.name,
  version: workflows.publishedVersion,
  createdAt: workflows.createdAt,
  updatedAt: workflows.updatedAt,
  archivedAt: workflows.archivedAt,
};
const columns = { ...summaryColumns, definition: workflows.draft };

interface SummaryRow extends Omit<WorkflowSummary, 'status' | 'archivedAt'> {
  archivedAt: string | null;
}

function toSummary({
  id,
  orgId,
  name,
  version,
  createdAt,
  updatedAt,
  archivedAt,
}: SummaryRow): WorkflowSummary {
  const status = archivedAt !== null ? 'archived' : version !== null ? 'published' : 'draft';
  return {
    id,
    orgId,
    name,
    status,
    version,
    createdAt: toRfc3339(createdAt),
    updatedAt: toRfc3339(updatedAt),
    ...(archivedAt === null ? {} : { archivedAt: toRfc3339(archivedAt) }),
  };
}

/** The resource of a row. The definition was parsed and validated before it was stored: it is JSON. */
const toWorkflow = (row: SummaryRow & { definition: unknown }): Workflow => ({
  ...toSummary(row),
  definition: row.definition as Json,
});

const columnsOf = (draft: Draft) => ({
  name: draft.name,
  draft: draft.definition,
  draftSource: draft.source,
  draftDigest: draft.digest,
});

const ofOrg = (orgId: string, workflowId: string) =>
  and(eq(workflows.orgId, orgId), eq(workflows.id, workflowId));

/** Stores a new workflow with its first draft. */
export async function createWorkflow(
  database: Database,
  workflow: { id: string; orgId: string; draft: Draft },
): Promise<Workflow> {
  const { id, orgId, draft } = workflow;
  const [row] = await orm(database)
    .insert(workflows)
    .values({ id, orgId, ...columnsOf(draft) })
    .returning(summaryColumns);
  if (row === undefined) throw new Error('the insert returned no row');
  return toWorkflow({ ...row, definition: draft.definition });
}

/** The workflow, archived or not; null when the org has none of that id. */
export async function findWorkflow(
  database: Database,
  orgId: string,
  workflowId: string,
): Promise<Workflow | null> {
  const [row] = await orm(database).select(columns).from(workflows).where(ofOrg(orgId, workflowId));
  return row === undefined ? null : toWorkflow(row);
}

/** The org's workflows, newest first: at most `limit` with an id before `before`. */
export async function listWorkflows(
  database: Database,
  orgId: string,
  page: { limit: number; before: string | null; archived: boolean },
): Promise<WorkflowSummary[]> {
  const rows = await orm(database)
    .select(summaryColumns)
    .from(workflows)
    .where(
      and(
        eq(workflows.orgId, orgId),
        page.before === null ? undefined : lt(workflows.id, page.before),
        page.archived ? undefined : isNull(workflows.archivedAt),
      ),
    )
    .orderBy(desc(workflows.id))
    .limit(page.limit);
  return rows.map(toSummary);
}

/** Replaces the draft and the name of a workflow that is not archived; null when there is none such. */
export async function replaceDraft(
  database: Database,
  workflow: { id: string; orgId: string; draft: Draft },
): Promise<Workflow | null> {
  const { id, orgId, draft } = workflow;
  const [row] = await orm(database)
    .update(workflows)
    .set({ ...columnsOf(draft), updatedAt: sql`now()` })
    .where(and(ofOrg(orgId, id), isNull(workflows.archivedAt)))
    .returning(summaryColumns);
  return row === undefined ? null : toWorkflow({ ...row, definition: draft.definition });
}

/** Archives a workflow; again changes nothing. false when the org has none of that id. */
export async function archiveWorkflow(
  database: Database,
  orgId: string,
  workflowId: string,
): Promise<boolean> {
  const rows = await orm(database)
    .update(workflows)
    .set({ archivedAt: sql`COALESCE(${workflows.archivedAt}, now())` })
    .where(ofOrg(orgId, workflowId))
    .returning({ id: workflows.id });
  return rows.length > 0;
}
