/** What a version says about the input of its runs. */
import type { Json } from '../../jq/index.ts';
import type { Sql } from '../client.ts';

export interface InputSchemaRow {
  checks_input: boolean;
  /** `input.schema` of the definition; null without one. */
  schema: Json;
  /** What was kept of `input.schema.resource`; null without one. */
  resource_text: string | null;
}

/** The input schema of one version, without the rest of the definition. No row: there is no such version. */
export const findInputSchema = (
  sql: Sql,
  { orgId, workflowId, version }: { orgId: string; workflowId: string; version: number },
) => sql<InputSchemaRow[]>`
  SELECT checks_input, definition #> '{input,schema}' AS schema,
    resources -> '/input/schema/resource' ->> 'text' AS resource_text
  FROM workflow_versions
  WHERE org_id = ${orgId} AND workflow_id = ${workflowId} AND version = ${version}`;
