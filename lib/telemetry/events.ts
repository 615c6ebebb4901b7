/** The structured events of a run's life (contract, section 5): log lines and counters under the same names. */
import type { Logger } from './log.ts';

export const RUN_EVENTS = [
  'workflow_run_enqueued',
  'workflow_run_started',
  'workflow_run_retried',
  'workflow_run_succeeded',
  'workflow_run_failed',
  'queue_unavailable',
  'workflow_run_cancelled',
  'workflow_run_suspended',
  'workflow_run_resumed',
  'workflow_run_requeued',
  'workflow_run_orphaned',
  'workflow_run_fenced',
  'database_unavailable',
  'enqueue_outcome_unknown',
] as const;
export type RunEvent = (typeof RUN_EVENTS)[number];

/** Which run. `version` is null where it is not known (a job without a row, a request that inserted nothing). */
interface RunRef {
  orgId: string;
  workflowId: string | null;
  runId: string;
  version: number | null;
}

/** Further members of the line. Never an input, an output, a secret or a header. */
export interface RunEventFields {
  attemptCount?: number;
  durationMs?: number;
  nextAttemptAt?: string | null;
  reason?: string;
  /** Of an error only these three. */
  error?: { type: string; status: number; instance: string };
  requestId?: string;
}

export type EmitRunEvent = (event: RunEvent, run: RunRef, fields?: RunEventFields) => void;

const WARNINGS: ReadonlySet<RunEvent> = new Set([
  'queue_unavailable',
  'workflow_run_failed',
  'workflow_run_orphaned',
  'workflow_run_fenced',
  'database_unavailable',
  'enqueue_outcome_unknown',
]);

/** Logs and counts; what concerns an operator is a warning, the rest is information. */
export function runEvents(log: Logger, metrics: { count(event: RunEvent): void }): EmitRunEvent {
  return (event, run, fields = {}) => {
    metrics.count(event);
    const { orgId, workflowId, runId, version } = run;
    const line = { event, orgId, workflowId, runId, version, ...fields };
    if (WARNINGS.has(event)) log.warn(line);
    else log.info(line);
  };
}
