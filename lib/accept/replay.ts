/** A run that was not inserted: a replay of an idempotency key, or a workflow that cannot run. */
import { bounded, type Database } from '../db/failure.ts';
import {
  findKeyedRuns,
  findWorkflowState,
  type KeyedRun,
  type NewRun,
  type WorkflowState,
} from '../db/runs/insert.ts';
import type { Deps } from '../deps.ts';
import { ApiError, notFound } from '../errors.ts';
import { refused, type AcceptResult } from './outcome.ts';

export type KeyVerdict =
  /** The key's 24 hours are over: it is freed and the insert tried again. */
  | { kind: 'expired'; row: KeyedRun }
  /** The first run stands but is not surely accepted: its job is added again. */
  | { kind: 'replay'; row: KeyedRun }
  | { kind: 'settled'; result: AcceptResult };

/** Somebody has seen the job: a worker claimed it, a replay confirmed it, or the run has moved on. */
const surelyAccepted = (row: KeyedRun): boolean =>
  row.status !== 'queued' || row.lease > 0 || row.accepted || row.generation > 0;

function judge(row: KeyedRun, digest: string): KeyVerdict {
  if (row.expired) return { kind: 'expired', row };
  if (row.idempotency_digest !== digest) {
    const error = new ApiError(
      'IDEMPOTENCY_KEY_REUSED',
      'This Idempotency-Key was used for a request with another method, path or body in the last 24 hours.',
    );
    return { kind: 'settled', result: refused(error) };
  }
  if (surelyAccepted(row)) return { kind: 'settled', result: { kind: 'accepted', row, replayed: true } };
  return { kind: 'replay', row };
}

/** Judges the runs whose idempotency key is taken; a run whose key is free is left out. */
export async function findReplays(deps: Deps, runs: readonly NewRun[]): Promise<Map<NewRun, KeyVerdict>> {
  const verdicts = new Map<NewRun, KeyVerdict>();
  const keyed = runs.filter((run) => run.idempotency !== null);
  const orgId = keyed[0]?.orgId;
  if (orgId === undefined) return verdicts;
  const keys = keyed.map((run) => run.idempotency?.key ?? '');
  const rows = await bounded(findKeyedRuns(deps.sql, orgId, keys), deps.config.databaseTimeoutMs);
  const byKey = new Map(rows.map((row) => [row.idempotency_key, row]));
  for (const run of keyed) {
    const row = byKey.get(run.idempotency?.key ?? '');
    if (row !== undefined) verdicts.set(run, judge(row, run.idempotency?.digest ?? ''));
  }
  return verdicts;
}

/** Why a run was not inserted: a reason, or the version that it would run now. */
export type Standing = { reason: ApiError } | { version: number };

/**
 * Why workflows could not run, asked once for each. A run whose workflow can run was left out for its input, or its
 * state changed meanwhile, so that it is worth another try.
 */
export async function explainMissing(
  deps: Database,
  runs: readonly NewRun[],
): Promise<Map<NewRun, Standing>> {
  const standings = new Map<NewRun, Standing>();
  const states = new Map<string, WorkflowState | undefined>();
  for (const run of runs) {
    const { orgId, workflowId } = run;
    if (!states.has(workflowId)) {
      const query = findWorkflowState(deps.sql, orgId, workflowId);
      states.set(workflowId, (await bounded(query, deps.config.databaseTimeoutMs))[0]);
    }
    standings.set(run, judgeWorkflow(states.get(workflowId), run.version));
  }
  return standings;
}

function judgeWorkflow(workflow: WorkflowState | undefined, version: number | null): Standing {
  if (workflow === undefined) return { reason: notFound() };
  if (workflow.archived) {
    return { reason: new ApiError('INVALID_STATE', 'The workflow is archived: it takes no more runs.') };
  }
  const newest = workflow.published_version;
  if (newest === null) {
    const detail = 'Publish the workflow first: POST …/publish freezes its draft as a version.';
    return { reason: new ApiError('WORKFLOW_NOT_PUBLISHED', detail) };
  }
  if (version !== null && version > newest) {
    const errors = [{ path: '/version', message: `there is no version ${version}; the newest is ${newest}` }];
    return {
      reason: new ApiError('VALIDATION_FAILED', `The workflow has no version ${version}.`, { errors }),
    };
  }
  return { version: version ?? newest };
}
