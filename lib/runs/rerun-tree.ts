/** The recorded progress of a failed run, made fit for a run that repeats it. */
import { bounded, type Database } from '../db/failure.ts';
import { findParts } from '../db/runs/claim.ts';
import { findFailedProgress } from '../db/runs/rerun.ts';
import type { RunRow } from '../db/runs/row.ts';
import type { CompiledWorkflow } from '../engine/compiled.ts';
import { TreeWriter, type WrittenTree } from '../engine/parts.ts';
import { hasParts, readTree, treeFormat, type ReadTree } from '../engine/read-tree.ts';
import { refit } from '../engine/refit.ts';
import type { Json } from '../engine/types.ts';
import { ApiError } from '../errors.ts';

export interface RerunTreeDeps extends Database {
  config: Database['config'] & { maxRunStateBytes: number };
  /** @throws when there is no such version */
  definition(orgId: string, workflowId: string, version: number): Promise<CompiledWorkflow>;
}

const notPossible = (detail: string, cause?: unknown): ApiError =>
  new ApiError('INVALID_STATE', `${detail} Repeat it with \`"from": "start"\`.`, { cause });

/**
 * Where a run that repeats a failed one goes on.
 * @param run the failed run
 * @param version the version that is to go on with it
 * @throws {ApiError} INVALID_STATE when nothing was recorded or the version does not fit what was
 */
export async function treeForRerun(
  deps: RerunTreeDeps,
  run: Pick<RunRow, 'id' | 'org_id' | 'workflow_id' | 'version'>,
  version: number,
): Promise<WrittenTree> {
  const { root, tree } = await readFailed(deps, run);
  const from = await deps.definition(run.org_id, run.workflow_id, run.version);
  const to = version === run.version ? from : await deps.definition(run.org_id, run.workflow_id, version);
  const misfit = refit(tree.progress, from, to);
  if (misfit !== null) {
    throw notPossible(
      `Version ${version} does not fit what version ${run.version} has recorded: ${misfit.pointer} ${misfit.problem}.`,
    );
  }
  const { maxRunStateBytes } = deps.config;
  const written = new TreeWriter(tree.progress, maxRunStateBytes).write(treeFormat(root) ?? 1);
  if (written === null) {
    throw notPossible(
      `What the run has recorded is larger than ${maxRunStateBytes} bytes, the limit of today.`,
    );
  }
  return written;
}

async function readFailed(
  { sql, config }: RerunTreeDeps,
  run: Pick<RunRow, 'id' | 'org_id'>,
): Promise<{ root: Json; tree: ReadTree }> {
  const query = findFailedProgress(sql, run.org_id, run.id);
  const root = (await bounded(query, config.databaseTimeoutMs))[0]?.progress ?? null;
  if (root === null)
    throw notPossible('The run has kept no progress: nothing was recorded before it failed.');
  const rows = hasParts(root) ? await bounded(findParts(sql, run.id), config.databaseTimeoutMs) : [];
  const parts = new Map(rows.map(({ part, body }) => [part, body]));
  const tree = readTree(root, parts, config.maxRunStateBytes);
  if (tree === null) throw notPossible('What the run has recorded cannot be read by this release.');
  return { root, tree };
}
