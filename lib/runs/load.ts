/** The run that a path names. */
import { bounded } from '../db/failure.ts';
import { findRun } from '../db/runs/read.ts';
import type { RunRow } from '../db/runs/row.ts';
import { notFound } from '../errors.ts';
import type { Caller, RequestContext } from '../http/route.ts';

/**
 * The run `:runId` of the caller's org, of `:workflowId` where the path names one.
 * @throws {ApiError} NOT_FOUND
 */
export async function loadRun({ c, deps, caller }: RequestContext & { caller: Caller }): Promise<RunRow> {
  const { runId = '', workflowId = null } = c.req.param() as { runId?: string; workflowId?: string };
  const query = findRun(deps.sql, caller.orgId, runId, workflowId);
  const [row] = await bounded(query, deps.config.databaseTimeoutMs);
  if (row === undefined) throw notFound();
  return row;
}
