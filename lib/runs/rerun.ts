/** Repeats runs that have ended: from the start, or a failed one from the task that failed. */
import { uuidv7 } from 'uuidv7';
import { InputChecks, type InputCheckDeps } from '../accept/input-check.ts';
import { explainMissing } from '../accept/replay.ts';
import { bounded } from '../db/failure.ts';
import { findKeyedRuns, findOwnRuns, type InsertedRun, type NewRun } from '../db/runs/insert.ts';
import { insertReruns } from '../db/runs/rerun.ts';
import { isTerminal, type RunRow } from '../db/runs/row.ts';
import { ApiError } from '../errors.ts';
import { treeForRerun, type RerunTreeDeps } from './rerun-tree.ts';

export interface RerunDeps extends RerunTreeDeps {
  config: RerunTreeDeps['config'] & { retryAttempts: number };
}

export interface RerunOptions {
  from: 'start' | 'failed';
  /** null: the version of the run that is repeated. */
  version: number | null;
}

/** Who asks, and what tells the request from others. */
export interface RerunRequest {
  /** Id of the API key. */
  requestedBy: string;
  /** The first run of a key is the only one. */
  idempotency: NewRun['idempotency'];
}

/**
 * A run that repeats another: for `acceptRuns`, when a caller waits for it, else for `insertRerun`.
 * @throws {ApiError} INVALID_STATE when the run cannot be repeated so; with `from: failed`, also why the version cannot run
 */
export async function prepareRerun(
  deps: RerunDeps,
  run: RunRow,
  { from, version: asked }: RerunOptions,
  request: RerunRequest,
): Promise<NewRun> {
  refuseState(run, from);
  const version = asked ?? run.version;
  const rerun: NewRun = {
    id: uuidv7(),
    orgId: run.org_id,
    workflowId: run.workflow_id,
    version,
    trigger: 'rerun',
    priority: run.priority,
    labels: run.labels,
    inputText: JSON.stringify(run.input),
    startAt: null,
    maxAttempts: deps.config.retryAttempts,
    rerun: { of: run.id, tree: null },
    ...request,
  };
  if (from === 'start') return rerun;
  // Before anything is compiled: there may be no such version.
  const standing = (await explainMissing(deps, [rerun])).get(rerun);
  if (standing !== undefined && 'reason' in standing) throw standing.reason;
  return { ...rerun, rerun: { of: run.id, tree: await treeForRerun(deps, run, version) } };
}

function refuseState({ status }: RunRow, from: RerunOptions['from']): void {
  if (!isTerminal(status)) {
    const detail = `The run is ${status}: only one that has ended can be repeated. Cancel it, or wait for its end.`;
    throw new ApiError('INVALID_STATE', detail);
  }
  if (from === 'failed' && status !== 'failed') {
    const detail = `The run has ${status}: only a failed one can go on from where it failed. Repeat it with \`"from": "start"\`.`;
    throw new ApiError('INVALID_STATE', detail.replace('has cancelled', 'was cancelled'));
  }
}

/** A rerun that was inserted, refused, or asked for before with the same idempotency key. */
export type RerunResult =
  { kind: 'inserted'; row: InsertedRun } | { kind: 'refused'; error: ApiError } | { kind: 'known' };

/** More often than this nobody publishes a version in between. */
const MAX_ROUNDS = 3;

/**
 * Inserts a rerun that no caller waits for: its row stays, whether or not the queue takes its job (`row` is what
 * `requeue` of the worker takes).
 */
export async function insertRerun(deps: InputCheckDeps, run: NewRun): Promise<RerunResult> {
  const checks = new InputChecks(deps);
  await checks.anticipate([run]);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const query = insertReruns(deps.sql, [run], checks.checkedVersion);
    const [row] = await bounded(query, deps.config.databaseTimeoutMs);
    if (row !== undefined) return { kind: 'inserted', row };
    if (await isKnown(deps, run)) return { kind: 'known' };
    const standing = (await explainMissing(deps, [run])).get(run);
    if (standing === undefined) continue;
    const reason = 'reason' in standing ? standing.reason : await checks.judge(run, standing.version);
    if (reason !== null) return { kind: 'refused', error: reason };
  }
  return { kind: 'refused', error: new ApiError('INVALID_STATE', 'The workflow keeps changing.') };
}

async function isKnown(
  { sql, config }: InputCheckDeps,
  { id, orgId, idempotency }: NewRun,
): Promise<boolean> {
  const query = idempotency === null ? findOwnRuns(sql, [id]) : findKeyedRuns(sql, orgId, [idempotency.key]);
  return (await bounded<unknown[]>(query, config.databaseTimeoutMs)).length > 0;
}
