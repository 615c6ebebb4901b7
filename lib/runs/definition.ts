/** A published definition, compiled. */
import type { Database } from '../db/failure.ts';
import { bounded } from '../db/failure.ts';
import { findDefinition } from '../db/runs/claim.ts';
import { compileWorkflow } from '../dsl/compile.ts';
import type { CompiledWorkflow } from '../engine/compiled.ts';
import { TASK_MODULES } from '../tasks/index.ts';

/** @throws when the version is not in the database or does not compile (both are bugs: it was published) */
export async function loadDefinition(
  { sql, config }: Database,
  orgId: string,
  workflowId: string,
  version: number,
): Promise<CompiledWorkflow> {
  const [row] = await bounded(findDefinition(sql, orgId, workflowId, version), config.databaseTimeoutMs);
  if (row === undefined)
    throw new Error(`version ${version} of workflow ${workflowId} is not in the database`);
  const texts = Object.entries(row.resources ?? {}).map(([at, { text }]) => [at, text] as const);
  return compileWorkflow(row.definition, TASK_MODULES, new Map(texts));
}
