/** What leaves the recursion without being an error: no `try` of a workflow sees it. */
import type { Interruption } from './types.ts';

export type UnwindReason =
  /** `then: end`: the tree's root already holds the output. */
  | { kind: 'ended' }
  /** A timer is due at `untilMs`; the tree holds it. */
  | { kind: 'parked'; untilMs: number }
  | { kind: 'interrupted'; reason: Interruption };

export class Unwind extends Error {
  readonly reason: UnwindReason;

  constructor(reason: UnwindReason) {
    super(reason.kind);
    this.name = 'Unwind';
    this.reason = reason;
  }
}
