/** What leaves the recursion without being an error: no `try` of a workflow sees it. */
import type { Interruption } from './types.ts';

/** An instant that never comes, epoch milliseconds (the end of the year 9999): waiting for a signal alone. */
export const NEVER_MS = Date.UTC(9999, 11, 31);

export type UnwindReason =
  /** `then: end`: the tree's root already holds the output. */
  | { kind: 'ended' }
  /** Nothing to do until `untilMs`, or until what the tree waits for signals the run; the tree holds what for. */
  | { kind: 'parked'; untilMs: number }
  /** Bounds around have ended; `by` is compared by identity only. */
  | { kind: 'cut'; by: object }
  | { kind: 'interrupted'; reason: Interruption };

export class Unwind extends Error {
  readonly reason: UnwindReason;

  constructor(reason: UnwindReason) {
    super(reason.kind);
    this.name = 'Unwind';
    this.reason = reason;
  }
}
