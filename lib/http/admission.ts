/**
 * Admission control: how many creations of runs a process has under way at a time. Beyond that a request is refused at
 * once, so that what was taken is answered soon and memory stays bounded, whatever is offered.
 *
 * The limit follows the measured time of a creation (by Little's law what waits is the rate times the wait): too long, and
 * it falls in proportion; in time, and it rises again. Fewer than MIN_LIMIT are never refused.
 */

/** More than any usual number of clients that each wait for their answer. */
const MIN_LIMIT = 256;
const MAX_LIMIT = 1024;
/** What a creation should take at most, waiting included, ms. */
const TARGET_MS = 250;
/** The limit is looked at again after so long, ms. */
const WINDOW_MS = 100;
/** It falls by no more than this in a window, so that one slow statement does not shut the door. */
const MAX_CUT = 0.5;
/** It rises by this in every window. */
const GROWTH = 1.1;
/** Windows after which it has risen from the least to the most. */
const WINDOWS_TO_RECOVER = Math.ceil(Math.log(MAX_LIMIT / MIN_LIMIT) / Math.log(GROWTH));
/** A run of a batch shares its request, its statement and its command, so it weighs a part of a lone one. */
const RUNS_OF_A_BATCH = 16;
/** So many bytes of inputs weigh as much as a request. */
const BYTES_OF_A_REQUEST = 64 << 10;

/**
 * What a request to create runs weighs, in small lone ones.
 * @param runs at least 1
 * @param inputBytes of their inputs, roughly
 */
export const weightOf = (runs: number, inputBytes: number): number =>
  1 + (runs - 1) / RUNS_OF_A_BATCH + inputBytes / BYTES_OF_A_REQUEST;

export class Admission {
  readonly #now: () => number;
  #inFlight = 0;
  #limit = MAX_LIMIT;
  /** Of this window: when it began, and the creations that have ended in it. */
  #windowStart: number;
  #ended = 0;
  #totalMs = 0;

  /** @param now milliseconds; only tests give their own */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#windowStart = now();
  }

  /** Weight of the creations under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The weight from which on more are refused. */
  get limit(): number {
    return this.#limit;
  }

  /** Whether a creation would be refused now: for before anything of the request is read. */
  isFull(): boolean {
    if (this.#inFlight < MIN_LIMIT) return false;
    this.#adapt(this.#now());
    return this.#inFlight >= this.#limit;
  }

  /**
   * Begins a creation. One that is heavy is taken like any other while there is room: it may go beyond the limit.
   * @param weight see `weightOf`
   * @returns what ends it, to be called once; null when it is refused
   */
  enter(weight: number): (() => void) | null {
    const startedAt = this.#now();
    if (this.#inFlight === 0) this.#beginAgain(startedAt);
    else this.#adapt(startedAt);
    if (this.#inFlight >= this.#limit) return null;
    this.#inFlight += weight;
    return () => {
      // Sums of fractions leave a rest, which must not pile up.
      this.#inFlight = Math.max(0, this.#inFlight - weight);
      if (this.#inFlight < 1e-6) this.#inFlight = 0;
      const now = this.#now();
      this.#ended += 1;
      this.#totalMs += now - startedAt;
      this.#adapt(now);
    };
  }

  /** Nothing was under way: the time since is no sign of slowness, and lets the limit rise. */
  #beginAgain(now: number): void {
    this.#rise(now);
    this.#beginWindow(now);
  }

  #beginWindow(now: number): void {
    this.#windowStart = now;
    this.#ended = 0;
    this.#totalMs = 0;
  }

  #rise(now: number): void {
    const windows = Math.min((now - this.#windowStart) / WINDOW_MS, WINDOWS_TO_RECOVER);
    this.#limit = Math.min(MAX_LIMIT, this.#limit * GROWTH ** windows);
  }

  #adapt(now: number): void {
    const elapsedMs = now - this.#windowStart;
    // When none ends at all, the service hangs.
    if (elapsedMs < (this.#ended === 0 ? TARGET_MS : WINDOW_MS)) return;
    const tookMs = this.#ended === 0 ? Number.POSITIVE_INFINITY : this.#totalMs / this.#ended;
    if (tookMs > TARGET_MS) {
      this.#limit = Math.max(MIN_LIMIT, this.#limit * Math.max(MAX_CUT, TARGET_MS / tookMs));
    } else this.#rise(now);
    this.#beginWindow(now);
  }
}
