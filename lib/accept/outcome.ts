/** What a request to create a run can end with, and the errors of contract section 1. */
import { ApiError } from '../errors.ts';
import type { RunRow } from '../db/runs/row.ts';

/** `replayed`: the idempotency key named this run already. */
export type AcceptResult =
  { kind: 'accepted'; row: RunRow; replayed: boolean } | { kind: 'refused'; error: ApiError };

/** Seconds after which trying again makes sense: the queue and the database come back within a few seconds. */
const RETRY_AFTER_SECONDS = 2;

const notQueued = (reason: string, detail: string): ApiError =>
  new ApiError('QUEUE_UNAVAILABLE', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS, extra: { reason } });

export const queueUnavailable = (reason: string): ApiError =>
  notQueued(reason, 'The run was not created and will never execute; send the request again.');

/** For a replay: its run is another request's, which has got or gets its own answer. */
export const replayUnavailable = (reason: string): ApiError =>
  notQueued(
    reason,
    'The run of this Idempotency-Key could not be queued again; nothing was created or removed. Send the request again.',
  );

export const databaseUnavailable = (cause?: unknown): ApiError =>
  new ApiError('DATABASE_UNAVAILABLE', 'Nothing was created; send the request again.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });

export const outcomeUnknown = (runId: string, cause?: unknown): ApiError =>
  new ApiError(
    'ENQUEUE_OUTCOME_UNKNOWN',
    'The connection to the database was cut off. If the run exists it will execute: ask for it by runId, or send the same Idempotency-Key again.',
    { retryAfterSeconds: RETRY_AFTER_SECONDS, extra: { runId }, cause },
  );

export const refused = (error: ApiError): AcceptResult => ({ kind: 'refused', error });
