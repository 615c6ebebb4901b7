/**
 * The accept path (contract section 1, design section 3): a run is accepted only when its row is committed and
 * its job is in Redis; otherwise the row is taken back, and when that cannot be known, the answer says so.
 *
 * Invariants: 1. nothing is executed on any other path; 2. the row is removed at most once, by one conditional
 * statement; 3. one deadline bounds the whole; 4. runs are handled as a list, a single one is a list of one.
 */
import type { Deps } from '../deps.ts';
import type { InsertedRun, KeyedRun, NewRun } from '../db/runs/insert.ts';
import { InsertFailed, markAccepted, releaseExpiredKeys } from '../db/runs/insert.ts';
import type { RunRow } from '../db/runs/row.ts';
import { bounded, isDatabaseUnavailable } from '../db/failure.ts';
import type { RunJob } from '../queue/job.ts';
import type { QueueFailureReason } from '../queue/failure.ts';
import { ApiError } from '../errors.ts';
import {
  databaseUnavailable,
  outcomeUnknown,
  queueUnavailable,
  refused,
  replayUnavailable,
  type AcceptResult,
} from './outcome.ts';
import { InputChecks } from './input-check.ts';
import { explainMissing, findReplays, type Standing } from './replay.ts';
import { withinQuota } from './quota.ts';
import { takeBack } from './take-back.ts';

/**
 * A replay whose first run vanished meanwhile starts over at the insert, and so does a run whose input was checked
 * or whose version was superseded meanwhile; more often than this nobody races.
 */
const MAX_ROUNDS = 5;

const toJob = (row: InsertedRun): RunJob => ({
  runId: row.id,
  orgId: row.org_id,
  generation: row.generation,
  priority: row.priority,
  delayMs: row.delay_ms,
  format: row.format,
});

/** The state of one call: what is still open, and the results so far by the run id the API made. */
interface Acceptance {
  deps: Deps;
  results: Map<string, AcceptResult>;
  /** performance.now() at which the enqueue must be over. */
  deadline: number;
  checks: InputChecks;
}

const reportEnqueued = (deps: Deps, row: RunRow): void =>
  deps.emit('workflow_run_enqueued', {
    orgId: row.org_id,
    workflowId: row.workflow_id,
    runId: row.id,
    version: row.version,
  });

function settle(state: Acceptance, run: NewRun, result: AcceptResult): void {
  state.results.set(run.id, result);
  if (result.kind === 'accepted') return;
  const ref = { orgId: run.orgId, workflowId: run.workflowId, runId: run.id, version: run.version };
  const { code, extra } = result.error;
  if (code === 'QUEUE_UNAVAILABLE')
    state.deps.emit('queue_unavailable', ref, { reason: String(extra['reason']) });
  else if (code === 'DATABASE_UNAVAILABLE') state.deps.emit('database_unavailable', ref);
  else if (code === 'ENQUEUE_OUTCOME_UNKNOWN') state.deps.emit('enqueue_outcome_unknown', ref);
}

/** Inserts the runs. Failures of the statement are settled here; null then. */
async function insert(state: Acceptance, runs: NewRun[]): Promise<InsertedRun[] | null> {
  try {
    return await state.deps.inserter.insert(
      runs.map((run) => ({ run, checkedVersion: state.checks.checkedVersion(run) })),
    );
  } catch (error) {
    if (!(error instanceof InsertFailed)) throw error;
    const { outcome, cause } = error;
    if (outcome === 'bug') throw cause;
    for (const run of runs) {
      const answer = outcome === 'unknown' ? outcomeUnknown(run.id, cause) : databaseUnavailable(cause);
      settle(state, run, refused(answer));
    }
    return null;
  }
}

/** Step 6 for the fresh rows; a replay's row is somebody else's, so nothing of it is deleted. */
async function giveUp(
  state: Acceptance,
  fresh: Map<NewRun, InsertedRun>,
  replays: Map<NewRun, KeyedRun>,
  reason: QueueFailureReason,
): Promise<void> {
  for (const run of replays.keys()) settle(state, run, refused(replayUnavailable(reason)));
  const outcomes = await takeBack(
    state.deps,
    [...fresh.keys()].map((run) => run.id),
    reason,
  );
  for (const run of fresh.keys()) {
    const result = outcomes.get(run.id) ?? refused(queueUnavailable(reason));
    if (result.kind === 'accepted') reportEnqueued(state.deps, result.row);
    settle(state, run, result);
  }
}

/** Everything is in Redis. A replay's row is marked so that nobody removes it; one that is gone starts over. */
async function confirm(
  state: Acceptance,
  fresh: Map<NewRun, InsertedRun>,
  replays: Map<NewRun, KeyedRun>,
): Promise<NewRun[]> {
  for (const [run, row] of fresh) {
    reportEnqueued(state.deps, row);
    settle(state, run, { kind: 'accepted', row, replayed: false });
  }
  if (replays.size === 0) return [];
  const ids = [...replays.values()].map((row) => row.id);
  const standing = new Map<string, RunRow>();
  try {
    const rows = await bounded(markAccepted(state.deps.sql, ids), state.deps.config.databaseTimeoutMs);
    for (const row of rows) standing.set(row.id, row);
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    for (const [run, keyed] of replays) settle(state, run, refused(outcomeUnknown(keyed.id, error)));
    return [];
  }
  const gone: NewRun[] = [];
  for (const [run, keyed] of replays) {
    const row = standing.get(keyed.id);
    if (row === undefined) gone.push(run);
    else settle(state, run, { kind: 'accepted', row, replayed: true });
  }
  return gone;
}

/** One round: insert, find the replays, enqueue. Answers with the runs that must start over. */
async function round(state: Acceptance, runs: NewRun[]): Promise<NewRun[]> {
  const { deps } = state;
  const inserted = await insert(state, runs);
  if (inserted === null) return [];
  const byId = new Map(inserted.map((row) => [row.id, row]));
  const fresh = new Map<NewRun, InsertedRun>();
  const missing: NewRun[] = [];
  for (const run of runs) {
    const row = byId.get(run.id);
    if (row === undefined) missing.push(run);
    else fresh.set(run, row);
  }
  const { replays, again } = await resolveMissing(state, missing);
  const jobs = [...fresh.values(), ...replays.values()].map(toJob);
  const timeoutMs = Math.max(1, state.deadline - performance.now());
  const first = jobs[0];
  const result =
    jobs.length === 1 && first !== undefined
      ? await deps.queue.enqueue(first, timeoutMs)
      : await deps.queue.enqueueMany(jobs, timeoutMs);
  if (!result.ok) {
    await giveUp(state, fresh, replays, result.reason);
    return again;
  }
  return [...again, ...(await confirm(state, fresh, replays))];
}

interface Resolved {
  /** Rows of earlier requests whose job is to be added again. */
  replays: Map<NewRun, KeyedRun>;
  /** Runs whose reason not to be inserted is gone, or whose input has been checked now: they start over. */
  again: NewRun[];
}

/** Why runs were not inserted: their key is taken (a replay), their workflow cannot run, or their input is unchecked. */
async function resolveMissing(state: Acceptance, missing: NewRun[]): Promise<Resolved> {
  const resolved: Resolved = { replays: new Map(), again: [] };
  if (missing.length === 0) return resolved;
  try {
    await judgeMissing(state, missing, resolved);
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    // Nothing of these was created; what was inserted beside them goes its own way.
    const open = missing.filter((run) => !state.results.has(run.id) && !resolved.replays.has(run));
    for (const run of open) settle(state, run, refused(databaseUnavailable(error)));
    resolved.again = [];
  }
  return resolved;
}

async function judgeMissing(
  state: Acceptance,
  missing: NewRun[],
  { replays, again }: Resolved,
): Promise<void> {
  const { deps } = state;
  const keyed = await findReplays(deps, missing);
  const standings = await explainMissing(
    deps,
    missing.filter((run) => !keyed.has(run)),
  );
  const expired: string[] = [];
  for (const run of missing) {
    const verdict = keyed.get(run);
    if (verdict === undefined) {
      const reason = await reasonOf(state, run, standings.get(run));
      if (reason === null) again.push(run);
      else settle(state, run, refused(reason));
    } else if (verdict.kind === 'replay') replays.set(run, verdict.row);
    else if (verdict.kind === 'settled') settle(state, run, verdict.result);
    else {
      expired.push(verdict.row.id);
      again.push(run);
    }
  }
  const orgId = missing[0]?.orgId;
  if (expired.length === 0 || orgId === undefined) return;
  await bounded(releaseExpiredKeys(deps.sql, orgId, expired), deps.config.databaseTimeoutMs);
}

async function reasonOf(
  state: Acceptance,
  run: NewRun,
  standing: Standing | undefined,
): Promise<ApiError | null> {
  if (standing === undefined) return null;
  return 'reason' in standing ? standing.reason : state.checks.judge(run, standing.version);
}

/** While the queue is known to be down: no row is written, but a key that names a surely accepted run answers. */
async function refuseWhileDown(state: Acceptance, runs: NewRun[], reason: QueueFailureReason): Promise<void> {
  const withKey = runs.filter((run) => run.idempotency !== null);
  const keyed = await findReplays(state.deps, withKey);
  for (const run of runs) {
    const verdict = keyed.get(run);
    const error = verdict?.kind === 'replay' ? replayUnavailable(reason) : queueUnavailable(reason);
    settle(state, run, verdict?.kind === 'settled' ? verdict.result : refused(error));
  }
}

/**
 * Accepts runs of one org, all or some of them.
 * @returns one result a run, in order. Expected failures are results; a thrown error is a bug or an `ApiError`
 * for a database that failed while nothing was at stake.
 */
export async function acceptRuns(deps: Deps, runs: NewRun[]): Promise<AcceptResult[]> {
  const state: Acceptance = {
    deps,
    results: new Map(),
    deadline: performance.now() + deps.config.enqueueTimeoutMs,
    checks: new InputChecks(deps),
  };
  for (let i = 0; i < runs.length; i += 1) deps.metrics.countRunCreateRequest();
  const queueState = deps.queue.state();
  if (queueState.kind === 'down') await refuseWhileDown(state, runs, queueState.reason);
  else {
    const { admitted, refusals } = await withinQuota(deps, runs);
    for (const [run, result] of refusals) state.results.set(run.id, result);
    await state.checks.anticipate(admitted);
    let open = admitted;
    for (let n = 0; n < MAX_ROUNDS && open.length > 0; n += 1) open = await round(state, open);
    for (const run of open) settle(state, run, refused(queueUnavailable('timeout')));
  }
  return runs.map(
    (run) => state.results.get(run.id) ?? refused(new ApiError('INTERNAL', 'The run was not decided.')),
  );
}
