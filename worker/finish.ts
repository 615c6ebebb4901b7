/** What happens to the run when an execution ends: the outcome becomes the row's next state. */
import type { ClaimedRun } from '../lib/db/runs/claim.ts';
import type { Leave, LeftRun } from '../lib/db/runs/write.ts';
import type { DslError, Outcome, Progress } from '../lib/engine/types.ts';
import { keys } from '../lib/queue/connection.ts';
import type { RunEvent, RunEventFields } from '../lib/telemetry/events.ts';
import { toRfc3339 } from '../lib/db/time.ts';
import { backoffMs } from './backoff.ts';
import type { Attempt } from './attempt.ts';
import type { WorkerDeps } from './deps.ts';
import { briefError, stateFault } from './faults.ts';
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
};

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
  return left;
}

/** Adds the job of the new generation. Should the queue be away, the reconciler adds it later. */
async function enqueueNext({ deps, claimed }: Finishing, left: LeftRun): Promise<void> {
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

function publicError(error: DslError) {
  const { type, status, instance } = briefError(error);
  return { type, status, instance };
}

/** Ends the run as failed. */
export async function fail(finishing: Finishing, cause: DslError): Promise<void> {
  const { attempt, deps } = finishing;
  const text = jsonTextWithin(cause, deps.config.maxRunStateBytes);
  const error = text === null ? stateFault('error', deps.config.maxRunStateBytes) : cause;
  attempt.addEntry({ type: 'run_failed', at: attempt.at(), error });
  const left = await write(finishing, { status: 'failed', errorText: text ?? JSON.stringify(error) });
  if (left !== null) report(finishing, 'workflow_run_failed', { error: publicError(error) });
}

async function succeed(finishing: Finishing, outputText: string): Promise<void> {
  const { attempt } = finishing;
  attempt.addEntry({ type: 'run_succeeded', at: attempt.at() });
  const left = await write(finishing, { status: 'succeeded', outputText });
  if (left !== null) report(finishing, 'workflow_run_succeeded');
}

/** Back to the queue after a backoff: the next try goes on from the last recorded result. */
async function retry(finishing: Finishing, error: DslError, progressText: string): Promise<void> {
  const { attempt, claimed, deps } = finishing;
  const delayMs = backoffMs(deps.config.retryBackoffMs, claimed.attempt_count, Math.random());
  attempt.addEntry({ type: 'run_retried', at: attempt.at(), attempt: claimed.attempt_count, error });
  const left = await write(finishing, { progressText, delayMs, newGeneration: true });
  if (left === null) return;
  report(finishing, 'workflow_run_retried', {
    nextAttemptAt: left.next_attempt_at === null ? null : toRfc3339(left.next_attempt_at),
    error: publicError(error),
  });
  await enqueueNext(finishing, left);
}

/** Waits for a timer without holding a slot. */
async function park(finishing: Finishing, untilMs: number, progressText: string): Promise<void> {
  const { attempt } = finishing;
  attempt.addEntry({ type: 'run_waiting', at: attempt.at(), until: new Date(untilMs).toISOString() });
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
