/** One job: claim the run, execute it, write how it ended. The job itself is only a hint to look. */
import { isDatabaseUnavailable, bounded } from '../lib/db/failure.ts';
import { findForJob, findParts, type ClaimedRun } from '../lib/db/runs/claim.ts';
import { isTerminal } from '../lib/db/runs/row.ts';
import { execute } from '../lib/engine/execute.ts';
import { TreeWriter } from '../lib/engine/parts.ts';
import { hasParts, readTree, type ReadTree } from '../lib/engine/read-tree.ts';
import { newProgress } from '../lib/engine/tree.ts';
import type { Json, Outcome } from '../lib/engine/types.ts';
import { parsePayload, type JobPayload } from '../lib/queue/job.ts';
import type { Job } from '../lib/queue/take.ts';
import { loadSecrets } from '../lib/secrets/load.ts';
import { createHolder, openAttempt, type Holder } from './attempt.ts';
import type { Verdict } from './consumer.ts';
import type { WorkerDeps } from './deps.ts';
import { runtimeFault } from './faults.ts';
import { fail, finish, type Finishing } from './finish.ts';
import type { Slot } from './slots.ts';

/** While Postgres is away, and for a payload of a newer release, the job comes back after so long. */
const COME_BACK_MS = 2000;
/** The attempt that made the job is about to let go of the run. */
const STILL_HELD_MS = 100;
const UNKNOWN_FORMAT_MS = 2000;
/** Of a logged stack, UTF-16 units. */
const MAX_STACK_LENGTH = 4000;

export interface Intake {
  /** No new run is started; jobs go back to the queue. */
  stopping(): boolean;
  /** Aborted when the process must end: writes are no longer repeated. */
  giveUp: AbortSignal;
  /** Resolves when the leases were confirmed a moment ago; waited for before every side effect. */
  confirmed(signal: AbortSignal): Promise<void>;
}

/** The claim got nothing: an orphan, a job that is void, one that came too early, or a run somebody holds. */
async function withoutClaim(deps: WorkerDeps, payload: JobPayload): Promise<Verdict> {
  const [row] = await bounded(findForJob(deps.sql, payload.runId), deps.config.databaseTimeoutMs);
  if (row === undefined) {
    const ref = { orgId: payload.orgId, workflowId: null, runId: payload.runId, version: null };
    deps.emit('workflow_run_orphaned', ref, { attemptCount: 0, durationMs: 0 });
    return 'done';
  }
  const isVoid =
    row.generation !== payload.generation || isTerminal(row.status) || row.status === 'suspended';
  if (isVoid || row.status === 'running') return 'done';
  if (row.format > deps.config.maxFormat) {
    deps.log.error({ runId: payload.runId, format: row.format }, 'a run is of a newer format: handed back');
    return { comeBackMs: UNKNOWN_FORMAT_MS };
  }
  return { comeBackMs: Math.max(50, Math.ceil(row.due_in_ms)) };
}

async function executeClaimed(deps: WorkerDeps, finishing: Finishing): Promise<Outcome> {
  const { claimed, attempt, progress } = finishing;
  const workflow = await deps.definitions.get(claimed.org_id, claimed.workflow_id, claimed.version);
  const facts = {
    runId: claimed.id,
    input: claimed.input,
    startedAtMs: claimed.started_at_ms,
    runtime: { name: 'vespid', version: deps.version },
    secrets: await loadSecrets(deps, claimed.org_id, workflow.secrets),
  };
  for (const value of Object.values(facts.secrets.values)) attempt.redactor.add(value);
  const { maxRunSteps, callTimeoutMs, expressionLimits } = deps.config;
  const limits = { maxSteps: maxRunSteps, callTimeoutMs, expression: expressionLimits };
  return execute(workflow, facts, progress, attempt.ports, limits);
}

/** The recorded progress with its parts; null when it cannot be read. */
async function openTree({ sql, config }: WorkerDeps, claimed: ClaimedRun): Promise<ReadTree | null> {
  if (claimed.progress === null) {
    const progress = newProgress();
    return { progress, writer: new TreeWriter(progress, config.maxRunStateBytes) };
  }
  const parts = new Map<number, Json>();
  if (hasParts(claimed.progress)) {
    const rows = await bounded(findParts(sql, claimed.id), config.databaseTimeoutMs);
    for (const { part, body } of rows) parts.set(part, body);
  }
  return readTree(claimed.progress, parts, config.maxRunStateBytes);
}

/** A claimed run up to its last write. A bug in here ends the run instead of leaving it held for ever. */
async function runClaimed(
  deps: WorkerDeps,
  claimed: ClaimedRun,
  { holder, slot, intake }: Work,
): Promise<void> {
  const known = await openTree(deps, claimed);
  const progress = known?.progress ?? newProgress();
  const { giveUp, confirmed } = intake;
  const attempt = openAttempt(deps, claimed, holder, {
    tree: known?.writer ?? new TreeWriter(progress, deps.config.maxRunStateBytes),
    giveUp,
    confirmed,
    computed: slot.computed,
  });
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
  if (claimed.exhausted) {
    const cause = runtimeFault('the worker died during the last attempt');
    // What cannot be read is no place to go on from.
    return fail(finishing, cause, known === null ? null : await attempt.settle());
  }
  if (known === null) return fail(finishing, runtimeFault('the recorded progress cannot be read'));
  try {
    await finish(finishing, await outcomeOf(deps, finishing));
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error;
    logBug(deps, finishing, error, 'the run could not be executed or its end not be written');
    await failAfterBug(deps, finishing);
  }
}

/** Messages and stacks of bugs can quote what a run computes. */
function logBug(deps: WorkerDeps, { claimed, attempt }: Finishing, error: unknown, what: string): void {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  deps.log.error({ runId: claimed.id, stack: attempt.redactor.text(stack, MAX_STACK_LENGTH) }, what);
}

/** Should even that not be possible, the try is spent, so that the run does not come back for ever. */
async function failAfterBug(deps: WorkerDeps, finishing: Finishing): Promise<void> {
  try {
    await fail(finishing, runtimeFault('an internal error ended the run'));
  } catch (error) {
    logBug(deps, finishing, error, 'the end of the run could not be written');
    deps.attempts.broken.add(finishing.claimed.id);
  }
}

/** Without Postgres nothing can be executed: the run goes back as if the worker stopped. */
async function outcomeOf(deps: WorkerDeps, finishing: Finishing): Promise<Outcome> {
  try {
    return await executeClaimed(deps, finishing);
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return { kind: 'interrupted', reason: 'shutdown' };
  }
}

/** A job under way. */
interface Work {
  job: Job;
  payload: JobPayload;
  holder: Holder;
  slot: Slot;
  intake: Intake;
}

/** Claims the run and executes it. When its slot is left the job is over, and the run goes on. */
async function doWork(deps: WorkerDeps, work: Work): Promise<Verdict> {
  const { job, payload, holder, slot } = work;
  // Before the claim is sent: a claim whose answer is lost is found by the search for strays.
  deps.attempts.add(holder);
  try {
    const claimed = await deps.claims.claim(payload);
    if (claimed === undefined) return await withoutClaim(deps, payload);
    holder.lease = claimed.lease;
    await runClaimed(deps, claimed, work);
    return 'done';
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return { comeBackMs: COME_BACK_MS };
  } finally {
    slot.end();
    deps.attempts.remove(holder);
    deps.orgSlots.leave(payload.orgId, job.id);
  }
}

/** What becomes of a job that cannot be worked on now, and null for any other. */
function turnAway(deps: WorkerDeps, { runId, generation }: JobPayload, intake: Intake): Verdict | null {
  const held = deps.attempts.get(runId);
  // This worker is at the run already: a job of a later generation comes back, others are void.
  if (held !== undefined) return generation > held.generation ? { comeBackMs: STILL_HELD_MS } : 'done';
  return intake.stopping() ? { comeBackMs: 1 } : null;
}

/** A job that cannot be worked on lets go of its slot, unless that is the one of the run that this worker is at. */
function letGo(deps: WorkerDeps, job: Job, { runId, orgId, generation }: JobPayload): void {
  if (deps.attempts.get(runId)?.generation !== generation) deps.orgSlots.leave(orgId, job.id);
}

/** A job whose payload this release does not know, or nobody. */
function unreadable(deps: WorkerDeps, job: Job, problem: 'unknown_format' | 'malformed'): Verdict {
  deps.log.error({ jobId: job.id, problem }, 'a job cannot be read');
  const { data } = job;
  const orgId = typeof data === 'object' && data !== null && 'orgId' in data ? data.orgId : undefined;
  if (job.hasEntered && typeof orgId === 'string') deps.orgSlots.leave(orgId, job.id);
  return problem === 'unknown_format' ? { comeBackMs: UNKNOWN_FORMAT_MS } : 'done';
}

/** What the consumer calls for every job. */
export function createProcessor(deps: WorkerDeps, intake: Intake) {
  return async (job: Job): Promise<Verdict> => {
    const parsed = parsePayload(job.data, deps.config.maxFormat);
    if (!parsed.ok) return unreadable(deps, job, parsed.problem);
    const { payload } = parsed;
    if (job.hasEntered) deps.orgSlots.entered(payload.orgId, job.id);
    else {
      const early = turnAway(deps, payload, intake);
      if (early !== null) return early;
      // What may not start is back in the queue already.
      if ((await deps.orgSlots.enter(job, payload)) !== 'started') return 'returned';
    }
    const verdict = turnAway(deps, payload, intake);
    if (verdict !== null) {
      letGo(deps, job, payload);
      return verdict;
    }
    const work: Work = { job, payload, holder: createHolder(payload), slot: deps.slots.open(), intake };
    return Promise.race([doWork(deps, work), work.slot.left.then((): Verdict => 'done')]);
  };
}
