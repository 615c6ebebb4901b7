/** What happens to the run when an execution ends: the outcome becomes the row's next state. */
import type { ClaimedRun } from '../lib/db/runs/claim.ts';
import type { Leave, LeftRun } from '../lib/db/runs/write.ts';
import type { DslError, Outcome, Progress } from '../lib/engine/types.ts';
import { NEVER_MS } from '../lib/engine/unwind.ts';
import { keys } from '../lib/queue/connection.ts';
import { cancelChildren } from '../lib/runs/cancel.ts';
import { enqueueWoken } from '../lib/runs/woken.ts';
import type { RunEvent, RunEventFields } from '../lib/telemetry/events.ts';
import { toRfc3339 } from '../lib/db/time.ts';
import { backoffMs } from './backoff.ts';
import type { Attempt } from './attempt.ts';
import type { WorkerDeps } from './deps.ts';
import { briefError, runError, stateFault } from './faults.ts';
import { jsonTextWithin } from './json-text.ts';

export interface Finishing {
  deps: WorkerDeps;
  claimed: ClaimedRun;
  attempt: Attempt;
  progress: Progress;
}

const LEAVE: Leave = {
  status: 'queued',
  progressText: null,
  outputText: null,
  errorText: null,
  delayMs: null,
  untilMs: null,
  resuming: false,
  newGeneration: false,
  wakesParent: false,
};

/** No delayed job for what lies further ahead: the run waits for a signal, which brings a job of its own. */
const MAX_JOB_DELAY_MS = 100 * 365 * 86_400_000;

function report({ deps, claimed, attempt }: Finishing, event: RunEvent, fields: RunEventFields = {}): void {
  deps.emit(
    event,
    { orgId: claimed.org_id, workflowId: claimed.workflow_id, runId: claimed.id, version: claimed.version },
    { attemptCount: claimed.attempt_count, durationMs: attempt.durationMs(), ...fields },
  );
}

/** Writes the last state; says in the log when the lease was lost meanwhile, and tells who watches the run. */
async function write(finishing: Finishing, leave: Partial<Leave>): Promise<LeftRun | null> {
  const { deps, claimed, attempt } = finishing;
  const left = await attempt.leave({ ...LEAVE, ...leave });
  if (left === null) report(finishing, 'workflow_run_fenced');
  deps.queue.redis.publish(keys(deps.config.queueName).hints, claimed.id).catch(() => {});
  if (left !== null) await enqueueWoken(deps, claimed.org_id, left);
  return left;
}

/** Adds the job of the new generation. Should the queue be away, the reconciler adds it later. */
async function enqueueNext({ deps, claimed }: Finishing, left: LeftRun): Promise<void> {
  if (left.delay_ms > MAX_JOB_DELAY_MS) return;
  await deps.queue.enqueue(
    {
      runId: claimed.id,
      orgId: claimed.org_id,
      generation: left.generation,
      priority: claimed.priority,
      delayMs: left.delay_ms,
    },
    deps.config.enqueueTimeoutMs,
  );
}

function publicError(error: DslError, { attempt }: Finishing) {
  const { type, status, instance } = briefError(error, attempt.redactor);
  return { type, status, instance };
}

/** Ends the run as failed. */
export async function fail(finishing: Finishing, cause: DslError): Promise<void> {
  const { attempt, deps } = finishing;
  const masked = runError(cause, attempt.redactor);
  const text = jsonTextWithin(masked, deps.config.maxRunStateBytes);
  const error = text === null ? stateFault('error', deps.config.maxRunStateBytes) : masked;
  attempt.addEntry({ type: 'run_failed', at: attempt.at(), error });
  const left = await write(finishing, {
    status: 'failed',
    errorText: text ?? JSON.stringify(error),
    wakesParent: finishing.claimed.parent_awaits,
  });
  if (left === null) return;
  report(finishing, 'workflow_run_failed', { error: publicError(error, finishing) });
  await cancelLeftOver(finishing);
}

/** Children that the run waited for when it was ended from outside of its tasks, by a limit for example. */
async function cancelLeftOver({ deps, claimed, progress }: Finishing): Promise<void> {
  if (progress.children !== true) return;
  await cancelChildren(deps, claimed.id).catch((error: unknown) =>
    deps.log.warn({ err: error, runId: claimed.id }, 'children of a run that ended could not be cancelled'),
  );
}

async function succeed(finishing: Finishing, outputText: string): Promise<void> {
  const { attempt } = finishing;
  attempt.addEntry({ type: 'run_succeeded', at: attempt.at() });
  const left = await write(finishing, {
    status: 'succeeded',
    outputText,
    wakesParent: finishing.claimed.parent_awaits,
  });
  if (left === null) return;
  report(finishing, 'workflow_run_succeeded');
  await cancelLeftOver(finishing);
}

/** Back to the queue after a backoff: the next try goes on from the last recorded result. */
async function retry(finishing: Finishing, cause: DslError, progressText: string): Promise<void> {
  const { attempt, claimed, deps } = finishing;
  const error = runError(cause, attempt.redactor);
  const delayMs = backoffMs(deps.config.retryBackoffMs, claimed.attempt_count, Math.random());
  attempt.addEntry({ type: 'run_retried', at: attempt.at(), attempt: claimed.attempt_count, error });
  const left = await write(finishing, { progressText, delayMs, newGeneration: true });
  if (left === null) return;
  report(finishing, 'workflow_run_retried', {
    nextAttemptAt: left.next_attempt_at === null ? null : toRfc3339(left.next_attempt_at),
    error: publicError(error, finishing),
  });
  await enqueueNext(finishing, left);
}

/** Waits for a timer or a signal without holding a slot. */
async function park(finishing: Finishing, untilMs: number, progressText: string): Promise<void> {
  const { attempt } = finishing;
  const until = untilMs < NEVER_MS ? { until: new Date(untilMs).toISOString() } : {};
  attempt.addEntry({ type: 'run_waiting', at: attempt.at(), ...until });
  const left = await write(finishing, {
    status: 'waiting',
    progressText,
    untilMs,
    resuming: true,
    newGeneration: true,
  });
  if (left !== null) await enqueueNext(finishing, left);
}

/** To another worker, in the same attempt. A new job: giving this one back would need it to be there still. */
async function handOver(finishing: Finishing, progressText: string): Promise<void> {
  const { attempt } = finishing;
  attempt.addEntry({ type: 'run_handed_over', at: attempt.at(), reason: 'shutdown' });
  const left = await write(finishing, { progressText, resuming: true, newGeneration: true });
  if (left !== null) await enqueueNext(finishing, left);
}

/** Writes what the outcome says. */
export async function finish(finishing: Finishing, outcome: Outcome): Promise<void> {
  const { attempt, claimed, deps, progress } = finishing;
  const maxBytes = deps.config.maxRunStateBytes;
  const isTry =
    outcome.kind === 'failed' && outcome.retryable && claimed.attempt_count < claimed.max_attempts;
  const fault = attempt.fault();
  if (fault !== null) return fail(finishing, fault);
  if (outcome.kind === 'failed' && !isTry) return fail(finishing, outcome.error);
  const [what, value] =
    outcome.kind === 'succeeded' ? (['output', outcome.output] as const) : (['state', progress] as const);
  const text = jsonTextWithin(value, maxBytes);
  if (text === null) return fail(finishing, stateFault(what, maxBytes));
  switch (outcome.kind) {
    case 'succeeded':
      return succeed(finishing, text);
    case 'failed':
      return retry(finishing, outcome.error, text);
    case 'parked':
      return park(finishing, outcome.untilMs, text);
    case 'interrupted':
      if (outcome.reason === 'shutdown') return handOver(finishing, text);
      report(finishing, 'workflow_run_fenced');
  }
}
