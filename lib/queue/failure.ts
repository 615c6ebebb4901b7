/** Why the queue did not take a run: a closed list for logs and answers, never the raw message. */

export type QueueFailureReason =
  | 'timeout'
  | 'connection'
  | 'out_of_memory'
  | 'read_only'
  | 'persistence_failed'
  | 'loading'
  | 'authentication'
  | 'rejected';

const BY_PREFIX: readonly [RegExp, QueueFailureReason][] = [
  [/^OOM\b|'OOM\b|: OOM\b/, 'out_of_memory'],
  [/READONLY\b/, 'read_only'],
  [/MISCONF\b/, 'persistence_failed'],
  [/LOADING\b|MASTERDOWN\b/, 'loading'],
  [/NOAUTH\b|WRONGPASS\b|NOPERM\b|invalid password/, 'authentication'],
  [/timed out|ETIMEDOUT|Socket timeout/i, 'timeout'],
  [
    /ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|Connection is closed|isn't writeable|MaxRetries|aborted/i,
    'connection',
  ],
];

/** Reads Redis' error codes (redis.io, "RESP protocol: simple errors") and ioredis' own messages. */
export function queueFailureReason(error: unknown): QueueFailureReason {
  const text =
    error instanceof Error ? `${error.message} ${(error as NodeJS.ErrnoException).code ?? ''}` : '';
  return BY_PREFIX.find(([pattern]) => pattern.test(text))?.[1] ?? 'rejected';
}
