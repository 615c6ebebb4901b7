/** From results of the accept path to answers. */
import type { AcceptResult } from '../accept/outcome.ts';
import { bounded } from '../db/failure.ts';
import { findRun } from '../db/runs/read.ts';
import { isTerminal, toRun, type RunRow } from '../db/runs/row.ts';
import { jsonAnswer } from '../http/answer.ts';
import type { RequestContext } from '../http/route.ts';
import { readWaitSeconds } from './request.ts';

/** Path of a run, for `Location`. */
const runPath = (run: { orgId: string; workflowId: string; id: string }): string =>
  `/v1/orgs/${run.orgId}/workflows/${run.workflowId}/runs/${run.id}`;

/** Waits as the client prefers, then reads the run again. A read that fails answers with the run as accepted. */
async function afterWaiting(context: RequestContext, row: RunRow, seconds: number): Promise<RunRow> {
  const { deps, signal, stopping } = context;
  if (isTerminal(row.status)) return row;
  await deps.live.ended(row.id, seconds * 1000, AbortSignal.any([signal, stopping]));
  const read = bounded(findRun(deps.sql, row.org_id, row.id, null), deps.config.databaseTimeoutMs);
  const [now] = await read.catch((): RunRow[] => []);
  return now ?? row;
}

/**
 * `201` with the run, after the wait that `Prefer` asks for.
 * @throws {ApiError} what the accept path refused with
 */
export async function answer(context: RequestContext, result: AcceptResult): Promise<Response> {
  if (result.kind === 'refused') throw result.error;
  const seconds = readWaitSeconds(context.c);
  const row = seconds === null ? result.row : await afterWaiting(context, result.row, seconds);
  const run = toRun(row);
  return jsonAnswer(context, { run }, 201, {
    location: runPath(run),
    ...(seconds === null ? {} : { 'preference-applied': `wait=${seconds}` }),
    ...(result.replayed ? { 'idempotency-replayed': 'true' } : {}),
  });
}
