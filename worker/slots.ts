/**
 * The queue's slots (WORKFLOW_QUEUE_CONCURRENCY). A run that computes for long leaves its slot to others and goes on:
 * the row's lease, and not the job, says who holds a run. At most as many leave as there are slots; the next ones keep
 * theirs, so that what a worker holds is bounded.
 */

/** Who has computed for so long waits for its turn most of the time, and would keep a slot idle. */
const LONG_MS = 50;

export interface Slot {
  /** Says how long the run has computed so far, ms. */
  computed(usedMs: number): void;
  /** Resolves when the run has left the slot; else never. */
  readonly left: Promise<void>;
  hasLeft(): boolean;
  /** The run is over. */
  end(): void;
}

export interface Slots {
  open(): Slot;
}

/** @param max how many runs may go on without a slot */
export function createSlots(max: number): Slots {
  let outside = 0;
  return {
    open() {
      let leave!: () => void;
      const left = new Promise<void>((resolve) => (leave = resolve));
      let isOutside = false;
      return {
        left,
        hasLeft: () => isOutside,
        computed(usedMs) {
          if (isOutside || usedMs < LONG_MS || outside >= max) return;
          isOutside = true;
          outside += 1;
          leave();
        },
        end() {
          if (isOutside) outside -= 1;
        },
      };
    },
  };
}
