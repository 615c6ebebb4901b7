/**
 * Admission control: how many creations of runs a process has under way at a time. Beyond that a request is refused at
 * once, so that what was taken is answered soon and memory stays bounded, whatever is offered.
 *
 * The limit follows the measured time of a creation (by Little's law what waits is the rate times the wait): too long, and
 * it falls in proportion; in time, and it rises again. Fewer than MIN_LIMIT are never refused. At the limit an org that
 * has less than its share under way is still let in, so that one that floods the process shuts no other out.
 */

/** More than any usual number of clients that each wait for their answer. */
const MIN_LIMIT = 256;
const MAX_LIMIT = 1024;
/** What a creation should take at most, waiting included, ms. */
const TARGET_MS = 250;
/** With those that are let in at the limit, never more than so many times the limit. */
const MAX_BEYOND = 2;
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

/** Sums of fractions leave a rest, which must not pile up. */
const withoutRest = (sum: number): number => (sum < 1e-6 ? 0 : sum);

export class Admission {
  readonly #now: () => number;
  #inFlight = 0;
  /** Of each org that has any. */
  readonly #inFlightOf = new Map<string, number>();
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

  /** Whether any creation might be refused now. */
  get isBusy(): boolean {
    return this.#inFlight >= MIN_LIMIT;
  }

  /** Whether a creation of the org would be refused now: for before anything of the request is read. */
  isFull(orgId: string): boolean {
    if (!this.isBusy) return false;
    this.#adapt(this.#now());
    return this.#refuses(orgId);
  }

  #refuses(orgId: string): boolean {
    if (this.#inFlight < this.#limit) return false;
    const own = this.#inFlightOf.get(orgId);
    const orgs = this.#inFlightOf.size + (own === undefined ? 1 : 0);
    return this.#inFlight >= this.#limit * MAX_BEYOND || (own ?? 0) >= this.#limit / orgs;
  }

  /**
   * Begins a creation. One that is heavy is taken like any other while there is room: it may go beyond the limit.
   * @param weight see `weightOf`
   * @returns what ends it, to be called once; null when it is refused
   */
  enter(orgId: string, weight: number): (() => void) | null {
    const startedAt = this.#now();
    if (this.#inFlight === 0) this.#beginAgain(startedAt);
    else this.#adapt(startedAt);
    if (this.#refuses(orgId)) return null;
    this.#add(orgId, weight);
    return () => {
      this.#add(orgId, -weight);
      const now = this.#now();
      this.#ended += 1;
      this.#totalMs += now - startedAt;
      this.#adapt(now);
    };
  }

  #add(orgId: string, weight: number): void {
    const own = withoutRest((this.#inFlightOf.get(orgId) ?? 0) + weight);
    if (own === 0) this.#inFlightOf.delete(orgId);
    else this.#inFlightOf.set(orgId, own);
    this.#inFlight = withoutRest(this.#inFlight + weight);
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
