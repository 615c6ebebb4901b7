/** One BullMQ job: claim the run, execute it, write how it ended. The job itself is only a hint to look. */
import { DelayedError, WaitingError, type Job } from 'bullmq';
import { isDatabaseUnavailable, bounded } from '../lib/db/failure.ts';
import { claimRun, findForJob, type ClaimedRun } from '../lib/db/runs/claim.ts';
import { isTerminal } from '../lib/db/runs/row.ts';
import { execute, newProgress } from '../lib/engine/execute.ts';
import type { Outcome, Progress } from '../lib/engine/types.ts';
import { parsePayload, type JobPayload } from '../lib/queue/job.ts';
import { createHolder, openAttempt, type Holder } from './attempt.ts';
import type { WorkerDeps } from './deps.ts';
import { runtimeFault } from './faults.ts';
import { fail, finish, type Finishing } from './finish.ts';
import { readProgress } from './progress.ts';

/** While Postgres is away, and for a payload of a newer release, the job comes back after so long. */
const COME_BACK_MS = 2000;
const UNKNOWN_FORMAT_MS = 30_000;

export interface Intake {
  /** No new run is started; jobs go back to the queue. */
  stopping(): boolean;
  /** Aborted when the process must end: writes are no longer repeated. */
  giveUp: AbortSignal;
}

async function comeBack(job: Job, token: string | undefined, delayMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + delayMs, token);
  throw new DelayedError();
}

/** No attempt, no stall: the job waits for another worker. */
async function giveBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/** The claim got nothing: an orphan, a job that is void, one that came too early, or a run somebody holds. */
async function withoutClaim(
  deps: WorkerDeps,
  job: Job,
  token: string | undefined,
  payload: JobPayload,
): Promise<void> {
  const [row] = await bounded(findForJob(deps.sql, payload.runId), deps.config.databaseTimeoutMs);
  if (row === undefined) {
    deps.emit('workflow_run_orphaned', {
      orgId: payload.orgId,
      workflowId: null,
      runId: payload.runId,
      version: null,
    });
    return;
  }
  const isVoid =
    row.generation !== payload.generation || isTerminal(row.status) || row.status === 'suspended';
  if (isVoid || row.status === 'running') return;
  await comeBack(job, token, Math.max(50, Math.ceil(row.due_in_ms)));
}

async function executeClaimed(deps: WorkerDeps, finishing: Finishing): Promise<Outcome> {
  const { claimed, attempt, progress } = finishing;
  const workflow = await deps.definitions.get(claimed.org_id, claimed.workflow_id, claimed.version);
  const facts = {
    runId: claimed.id,
    input: claimed.input,
    startedAtMs: claimed.started_at_ms,
    runtime: { name: 'vespid', version: deps.version },
  };
  const limits = { maxSteps: deps.config.maxRunSteps, callTimeoutMs: deps.config.callTimeoutMs };
  return execute(workflow, facts, progress, attempt.ports, limits);
}

/** A claimed run up to its last write. A bug in here ends the run instead of leaving it held for ever. */
async function runClaimed(deps: WorkerDeps, claimed: ClaimedRun, holder: Holder, intake: Intake) {
  const known = claimed.progress === null ? newProgress() : readProgress(claimed.progress);
  const progress: Progress = known ?? newProgress();
  const attempt = openAttempt(deps, claimed, holder, { progress, giveUp: intake.giveUp });
  const finishing: Finishing = { deps, claimed, attempt, progress };
  if (!claimed.resumed && !claimed.exhausted) {
    attempt.addEntry({ type: 'run_started', at: attempt.at(), attempt: claimed.attempt_count });
    const ref = {
      orgId: claimed.org_id,
      workflowId: claimed.workflow_id,
      runId: claimed.id,
      version: claimed.version,
    };
    deps.emit('workflow_run_started', ref, { attemptCount: claimed.attempt_count, durationMs: 0 });
  }
  if (claimed.exhausted) return fail(finishing, runtimeFault('the worker died during the last attempt'));
  if (known === null) return fail(finishing, runtimeFault('the recorded progress cannot be read'));
  let outcome: Outcome;
  try {
    outcome = await executeClaimed(deps, finishing);
  } catch (error) {
    if (isDatabaseUnavailable(error)) outcome = { kind: 'interrupted', reason: 'shutdown' };
    else {
      deps.log.error({ err: error, runId: claimed.id }, 'the interpreter failed');
      return fail(finishing, runtimeFault('an internal error ended the run'));
    }
  }
  return finish(finishing, outcome);
}

async function claim(deps: WorkerDeps, payload: JobPayload): Promise<ClaimedRun | undefined> {
  const { config, sql, identity } = deps;
  const [claimed] = await bounded(
    claimRun(sql, {
      runId: payload.runId,
      generation: payload.generation,
      workerId: identity.id,
      leaseMs: config.leaseMs,
    }),
    config.databaseTimeoutMs,
  );
  return claimed;
}

/** The function BullMQ calls for every job. */
export function createProcessor(deps: WorkerDeps, intake: Intake) {
  return async (job: Job, token?: string): Promise<void> => {
    const parsed = parsePayload(job.data);
    if (!parsed.ok) {
      deps.log.error({ jobId: job.id, problem: parsed.problem }, 'a job cannot be read');
      if (parsed.problem === 'unknown_format') await comeBack(job, token, UNKNOWN_FORMAT_MS);
      return;
    }
    if (intake.stopping()) await giveBack(job, token);
    const { payload } = parsed;
    if (deps.attempts.get(payload.runId) !== undefined) return;
    const holder = createHolder(payload.runId);
    // Before the claim is sent: a claim whose answer is lost is found by the search for strays.
    deps.attempts.add(holder);
    let finished: string | void = undefined;
    try {
      const claimed = await claim(deps, payload);
      if (claimed === undefined) await withoutClaim(deps, job, token, payload);
      else {
        holder.lease = claimed.lease;
        finished = await runClaimed(deps, claimed, holder, intake);
      }
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      await comeBack(job, token, COME_BACK_MS);
    } finally {
      deps.attempts.remove(holder);
    }
    if (finished === 'handed_over') await giveBack(job, token);
  };
}
