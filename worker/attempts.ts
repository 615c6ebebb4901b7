/** The attempts this process holds: what heartbeats speak for and shutdown waits for. */
import type { Interruption } from '../lib/engine/types.ts';
import type { HeldLease } from '../lib/db/workers.ts';

export interface HeldAttempt {
  runId: string;
  /** Of the job that began it. */
  generation: number;
  /** null while the claim is under way. */
  lease: number | null;
  /** Asks the interpreter to stop; `cancelled` and `lost` also abort the call that is running. */
  interrupt(reason: Interruption): void;
  /** Aborts the running call although the reason to stop is a shutdown. */
  abortCalls(): void;
}

export interface Attempts {
  /** Runs whose end could not be written because of a bug: they are given up as if the worker had died. */
  readonly broken: Set<string>;
  add(attempt: HeldAttempt): void;
  remove(attempt: HeldAttempt): void;
  /**
   * How long ago an attempt was last removed that has no lease, ms: its claim got nothing, or was not answered, and then the
   * row may say that this process holds the run. Infinity: never.
   */
  unclaimedMs(): number;
  get(runId: string): HeldAttempt | undefined;
  all(): HeldAttempt[];
  /** The leases that heartbeats ask about. */
  leases(): HeldLease[];
  /** Resolves when nothing is held, at the latest after `timeoutMs`; true when nothing is. */
  drained(timeoutMs: number): Promise<boolean>;
}

export function createAttempts(): Attempts {
  const held = new Map<string, HeldAttempt>();
  const waiting = new Set<() => void>();
  let unclaimedAt = -Infinity;
  return {
    broken: new Set(),
    add: (attempt) => held.set(attempt.runId, attempt),
    remove(attempt) {
      if (attempt.lease === null) unclaimedAt = performance.now();
      if (held.get(attempt.runId) === attempt) held.delete(attempt.runId);
      if (held.size > 0) return;
      for (const wake of waiting) wake();
      waiting.clear();
    },
    unclaimedMs: () => performance.now() - unclaimedAt,
    get: (runId) => held.get(runId),
    all: () => [...held.values()],
    leases: () =>
      [...held.values()].flatMap(({ runId, lease }) => (lease === null ? [] : [{ runId, lease }])),
    async drained(timeoutMs) {
      if (held.size === 0) return true;
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(held.size === 0), timeoutMs);
        waiting.add(() => {
          clearTimeout(timer);
          resolve(true);
        });
      });
    },
  };
}
