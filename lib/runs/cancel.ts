/** Cancels runs: at once in the row; the worker that holds one stops within 2 s. */
import type { Config } from '../config.ts';
import type { Sql } from '../db/client.ts';
import { bounded } from '../db/failure.ts';
import { cancelRun } from '../db/runs/cancel.ts';
import { cancelAwaitedChildren, findAwaitedChildren, type CancelledRun } from '../db/runs/cancel-children.ts';
import type { RunRow } from '../db/runs/row.ts';
import { keys } from '../queue/connection.ts';
import type { Producer } from '../queue/producer.ts';
import type { EmitRunEvent } from '../telemetry/events.ts';
import { enqueueWoken } from './woken.ts';

export interface CancelDeps {
  sql: Sql;
  config: Config;
  queue: Producer;
  emit: EmitRunEvent;
}

/** Children that one statement cancels. */
const PAGE_ROWS = 200;

/** Who cancels: for the timeline. */
export type CancelledBy = { by: string } | { reason: string };

/** The entry of the timeline, as the text of an array. */
export const cancelEntry = (by: CancelledBy): string =>
  JSON.stringify([{ type: 'run_cancelled', at: new Date().toISOString(), ...by }]);

/** Tells of a run that was cancelled in the database; what of it is lost does no harm. */
export function announceCancelled({ emit, queue, config }: CancelDeps, row: CancelledRun): void {
  emit('workflow_run_cancelled', {
    orgId: row.org_id,
    workflowId: row.workflow_id,
    runId: row.id,
    version: row.version,
  });
  // Else the job of a run that was to start next year would lie in Redis until then.
  queue.discard(row.id, row.generation - 1);
  queue.redis.publish(keys(config.queueName).hints, row.id).catch(() => {});
}

/**
 * Cancels a run that has not ended, and wakes a parent that waits for it.
 * @returns its row; null when there was nothing to cancel
 */
export async function cancelOne(
  deps: CancelDeps,
  run: { orgId: string; id: string },
  by: CancelledBy,
): Promise<RunRow | null> {
  const { sql, config } = deps;
  const [row] = await bounded(cancelRun(sql, run.orgId, run.id, cancelEntry(by)), config.databaseTimeoutMs);
  if (row === undefined) return null;
  announceCancelled(deps, row);
  await enqueueWoken(deps, row.org_id, row);
  return row;
}

/**
 * Cancels the runs that a run has started and waits for, and theirs, in pages, one generation after the other. What is
 * cut off in between is done by the next cancel of the same run.
 */
export const cancelChildren = (deps: CancelDeps, runId: string): Promise<void> =>
  cancelChildrenOf(deps, [runId]);

/** `cancelChildren` of several runs, which have all ended. */
export async function cancelChildrenOf(deps: CancelDeps, runIds: readonly string[]): Promise<void> {
  let parentIds = runIds;
  while (parentIds.length > 0) parentIds = await cancelGeneration(deps, parentIds);
}

/** @returns the children, whose own are next */
async function cancelGeneration(deps: CancelDeps, parentIds: readonly string[]): Promise<string[]> {
  const { sql, config } = deps;
  const entry = cancelEntry({ reason: 'the run that started it was cancelled' });
  const children = await bounded(findAwaitedChildren(sql, parentIds), config.databaseTimeoutMs);
  for (let at = 0; at < children.length; at += PAGE_ROWS) {
    const page = children.slice(at, at + PAGE_ROWS);
    const cancelled = await bounded(cancelAwaitedChildren(sql, page, entry), config.databaseTimeoutMs);
    for (const row of cancelled) announceCancelled(deps, row);
  }
  return children.map(({ id }) => id);
}
