/**
 * A graceful stop: take no more jobs, let short work finish, hand the rest over, end within the grace.
 * Runs go on for the first half of the grace, then stop at their next step, and near its end calls are aborted.
 */
import type { Attempts } from './attempts.ts';
import type { Consumer } from './consumer.ts';

export interface ShutdownParts {
  consumer: Consumer;
  attempts: Attempts;
  graceMs: number;
  /** Ends the repetition of writes when the time is nearly over. */
  giveUp: AbortController;
}

/** Bounds a promise that may never settle (the consumer's `close()` has no bound of its own). */
export async function atMost(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const time = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([
    promise.then(
      () => {},
      () => {},
    ),
    time,
  ]);
  clearTimeout(timer);
}

/** Shares of the grace after which runs are asked to stop, their calls are aborted, and nobody is waited for. */
const ASK_AT = 0.45;
const ABORT_AT = 0.65;
const LEAVE_AT = 0.8;

/** Answers true when every attempt ended or was handed over in time. At most 90 % of the grace. */
export async function drain({ consumer, attempts, graceMs, giveUp }: ShutdownParts): Promise<boolean> {
  const startedAt = performance.now();
  const until = (share: number): number => Math.max(0, graceMs * share - (performance.now() - startedAt));
  // Does not wait for active jobs; no job is fetched from now on.
  await atMost(consumer.pause(), until(0.1));
  let drained = await attempts.drained(until(ASK_AT));
  if (!drained) {
    for (const attempt of attempts.all()) attempt.interrupt('shutdown');
    drained = await attempts.drained(until(ABORT_AT));
  }
  if (!drained) {
    for (const attempt of attempts.all()) attempt.abortCalls();
    drained = await attempts.drained(until(LEAVE_AT));
  }
  giveUp.abort();
  await atMost(consumer.close(), until(0.9));
  return drained;
}
