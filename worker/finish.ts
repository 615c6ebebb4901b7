/** What happens to the run when an execution ends: the outcome becomes the row's next state. */
import { deleteListeners } from '../lib/db/events/listeners.ts';
import { bounded } from '../lib/db/failure.ts';
import type { ClaimedRun } from '../lib/db/runs/claim.ts';
import { suspendedEntry } from '../lib/db/runs/timeline.ts';
import { dropPartsOfCancelled } from '../lib/db/runs/own-write.ts';
import type { Leave, LeftRun } from '../lib/db/runs/write.ts';
import type { WrittenTree } from '../lib/engine/parts.ts';
import type { DslError, Outcome, Progress } from '../lib/engine/types.ts';
import { NEVER_MS } from '../lib/engine/unwind.ts';
import { OLDEST_FORMAT } from '../lib/formats.ts';
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
  tree: null,
  dropsParts: false,
  outputText: null,
  errorText: null,
  delayMs: null,
  untilMs: null,
  resuming: false,
  newGeneration: false,
  wakesParent: false,
  suspendedText: '',
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

/** The run is no longer this attempt's. */
function fenced(finishing: Finishing): void {
  const { deps, claimed, attempt } = finishing;
  report(finishing, 'workflow_run_fenced');
  if (attempt.format() === OLDEST_FORMAT) return;
  // Nobody waits for it: what is left then goes with the run.
  void bounded(dropPartsOfCancelled(deps.sql, claimed.id), deps.config.databaseTimeoutMs).catch(() => {});
}

/** Writes the last state; says in the log when the lease was lost meanwhile, and tells who watches the run. */
async function write(finishing: Finishing, leave: Partial<Leave>): Promise<LeftRun | null> {
  const { deps, claimed, attempt } = finishing;
  // Whatever was written in the newer format may have parts.
  const dropsParts = attempt.format() > OLDEST_FORMAT;
  const suspendedText = suspendedEntry(attempt.at());
  const left = await attempt.leave({ ...LEAVE, dropsParts, suspendedText, ...leave });
  if (left === null) fenced(finishing);
  deps.hint(claimed.id);
  if (left !== null) await enqueueWoken(deps, claimed.org_id, left);
  return left;
}

/** Adds the job of the new generation. Should the queue be away, the reconciler adds it later. */
async function enqueueNext(finishing: Finishing, left: LeftRun): Promise<void> {
  const { deps, claimed } = finishing;
  if (left.status === 'suspended') {
    report(finishing, 'workflow_run_suspended');
    return;
  }
  if (left.delay_ms > MAX_JOB_DELAY_MS) return;
  await deps.queue.enqueue(
    {
      runId: claimed.id,
      orgId: claimed.org_id,
      generation: left.generation,
      priority: claimed.priority,
      delayMs: left.delay_ms,
      format: left.format,
    },
    deps.config.enqueueTimeoutMs,
  );
}

function publicError(error: DslError, { attempt }: Finishing) {
  const { type, status, instance } = briefError(error, attempt.redactor);
  return { type, status, instance };
}

/**
 * Ends the run as failed.
 * @param tree where a rerun can go on; null for what would only fail again
 */
export async function fail(
  finishing: Finishing,
  cause: DslError,
  tree: WrittenTree | null = null,
): Promise<void> {
  const { attempt, deps } = finishing;
  const masked = runError(cause, attempt.redactor);
  const text = jsonTextWithin(masked, deps.config.maxRunStateBytes);
  const error = text === null ? stateFault('error', deps.config.maxRunStateBytes) : masked;
  attempt.addEntry({ type: 'run_failed', at: attempt.at(), error });
  const left = await write(finishing, {
    status: 'failed',
    tree,
    errorText: text ?? JSON.stringify(error),
    wakesParent: finishing.claimed.parent_awaits,
  });
  if (left === null) return;
  report(finishing, 'workflow_run_failed', { error: publicError(error, finishing) });
  await cancelLeftOver(finishing);
}

/** Listeners, and children that the run waited for when it was ended from outside of its tasks, by a limit for example. */
async function cancelLeftOver({ deps, claimed, progress }: Finishing): Promise<void> {
  if (progress.listeners === true) {
    // What is left now is swept later.
    await bounded(deleteListeners(deps.sql, [claimed.id]), deps.config.databaseTimeoutMs).catch(() => {});
  }
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
async function retry(finishing: Finishing, cause: DslError, tree: WrittenTree): Promise<void> {
  const { attempt, claimed, deps } = finishing;
  const error = runError(cause, attempt.redactor);
  const delayMs = backoffMs(deps.config.retryBackoffMs, claimed.attempt_count, Math.random());
  attempt.addEntry({ type: 'run_retried', at: attempt.at(), attempt: claimed.attempt_count, error });
  const left = await write(finishing, { tree, delayMs, newGeneration: true });
  if (left === null) return;
  report(finishing, 'workflow_run_retried', {
    nextAttemptAt: left.next_attempt_at === null ? null : toRfc3339(left.next_attempt_at),
    error: publicError(error, finishing),
  });
  await enqueueNext(finishing, left);
}

/** Waits for a timer or a signal without holding a slot. */
async function park(finishing: Finishing, untilMs: number, tree: WrittenTree): Promise<void> {
  const { attempt } = finishing;
  const until = untilMs < NEVER_MS ? { until: new Date(untilMs).toISOString() } : {};
  attempt.addEntry({ type: 'run_waiting', at: attempt.at(), ...until });
  const left = await write(finishing, {
    status: 'waiting',
    tree,
    untilMs,
    resuming: true,
    newGeneration: true,
  });
  if (left !== null) await enqueueNext(finishing, left);
}

/** To another worker, in the same attempt. A new job: giving this one back would need it to be there still. */
async function handOver(finishing: Finishing, tree: WrittenTree): Promise<void> {
  const { attempt } = finishing;
  attempt.addEntry({ type: 'run_handed_over', at: attempt.at(), reason: 'shutdown' });
  const left = await write(finishing, { tree, resuming: true, newGeneration: true });
  if (left !== null) await enqueueNext(finishing, left);
}

/** Stands still until somebody resumes it; goes on at once when somebody has already. */
async function suspend(finishing: Finishing, tree: WrittenTree): Promise<void> {
  const left = await write(finishing, { status: 'suspended', tree, resuming: true, newGeneration: true });
  if (left !== null) await enqueueNext(finishing, left);
}

/** Writes what the outcome says. */
export async function finish(finishing: Finishing, outcome: Outcome): Promise<void> {
  const { attempt, claimed, deps } = finishing;
  const maxBytes = deps.config.maxRunStateBytes;
  const isTry =
    outcome.kind === 'failed' && outcome.retryable && claimed.attempt_count < claimed.max_attempts;
  const fault = attempt.fault();
  if (fault !== null) return fail(finishing, fault);
  if (outcome.kind === 'succeeded') {
    const text = jsonTextWithin(outcome.output, maxBytes);
    return text === null ? fail(finishing, stateFault('output', maxBytes)) : succeed(finishing, text);
  }
  const tree = await attempt.settle();
  if (outcome.kind === 'failed' && !isTry) return fail(finishing, outcome.error, tree);
  if (tree === null) return fail(finishing, stateFault('state', maxBytes));
  switch (outcome.kind) {
    case 'failed':
      return retry(finishing, outcome.error, tree);
    case 'parked':
      return park(finishing, outcome.untilMs, tree);
    case 'interrupted':
      if (outcome.reason === 'shutdown') return handOver(finishing, tree);
      if (outcome.reason === 'suspended') return suspend(finishing, tree);
      fenced(finishing);
  }
}
