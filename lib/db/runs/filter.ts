/** Which runs of an org are meant: for their list and for bulk operations. */
import type { Sql } from '../client.ts';
import type { RunStatus } from './row.ts';

export interface RunFilter {
  orgId: string;
  workflowId: string | null;
  version: number | null;
  statuses: RunStatus[] | null;
  labels: Record<string, string>;
  /** RFC 3339, inclusive. */
  from: string | null;
  /** RFC 3339, exclusive. */
  to: string | null;
}

/** The condition that an index serves: the org, and the workflow. */
export const belongs = (sql: Sql, { orgId, workflowId }: RunFilter) => sql`
  org_id = ${orgId} ${workflowId === null ? sql`` : sql`AND workflow_id = ${workflowId}`}`;

/** The rest, on the columns `version, status, labels, created_at` of the runs that belong. */
export const matches = (sql: Sql, { version, statuses, labels, from, to }: RunFilter) => sql`
  true
  ${version === null ? sql`` : sql`AND version = ${version}`}
  ${statuses === null ? sql`` : sql`AND status = ANY(${[...statuses]}::text[])`}
  ${Object.keys(labels).length === 0 ? sql`` : sql`AND labels @> ${JSON.stringify(labels)}::text::jsonb`}
  ${from === null ? sql`` : sql`AND created_at >= ${from}::timestamptz`}
  ${to === null ? sql`` : sql`AND created_at < ${to}::timestamptz`}`;
