/**
 * What may end a part of a run before its tasks do: the time limit of a task, of an attempt or of the workflow, and
 * a fork whose result is decided. Bounds form a tree; ending one ends those inside it.
 *
 * 1. What is cut unwinds with `Unwind` and not with an error, so that no `try` inside sees it.
 * 2. Only the owner of bounds, the one that made them, turns their end into something else.
 * 3. Cut off is what will not go on. What stops here and goes on elsewhere is interrupted, and tidies nothing up.
 */
import type { Interruption, Ports } from './types.ts';
import { Unwind, type UnwindReason } from './unwind.ts';

/** The longest time a timer can be set for; a longer one is set again. */
const MAX_TIMER_MS = 2 ** 31 - 1;

type Clock = Pick<Ports, 'now' | 'after'>;

export class Bounds {
  /** The earliest time limit around, epoch milliseconds; Infinity for none. */
  readonly untilMs: number;
  readonly #parent: Bounds | null;
  readonly #inside = new Set<Bounds>();
  readonly #controller = new AbortController();
  /** How what is inside unwinds; null while they hold. */
  #over: UnwindReason | null = null;
  #stopTimer: () => void = () => {};

  private constructor(parent: Bounds | null, untilMs: number) {
    this.#parent = parent;
    this.untilMs = Math.min(untilMs, parent?.untilMs ?? Infinity);
  }

  /**
   * Those of a whole run.
   * @param signal interrupts them from outside; `release` lets go of it
   * @param why says then what for
   */
  static around(signal: AbortSignal, why: () => Interruption): { bounds: Bounds; release: () => void } {
    const bounds = new Bounds(null, Infinity);
    const end = (): void => bounds.#end({ kind: 'interrupted', reason: why() }, signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    return { bounds, release: () => signal.removeEventListener('abort', end) };
  }

  /** Aborts calls and sleeps inside. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether these bounds, and not some around them, were the first to be cut. */
  get isCut(): boolean {
    return this.#over?.kind === 'cut' && this.#over.by === this;
  }

  /**
   * Bounds inside these, to be closed by whoever makes them.
   * @param limit.untilMs a time limit, epoch milliseconds; may be over already
   */
  inside(clock: Clock, untilMs = Infinity): Bounds {
    const bounds = new Bounds(this, untilMs);
    if (this.#over !== null) bounds.#end(this.#over, this.signal.reason);
    else {
      this.#inside.add(bounds);
      if (untilMs !== Infinity) bounds.#setTimer(clock, untilMs);
    }
    return bounds;
  }

  /** Ends them: what runs inside unwinds at its next step. */
  cut(): void {
    this.#end({ kind: 'cut', by: this }, undefined);
  }

  /** Ends them as a shutdown does: what runs inside unwinds, to go on elsewhere. */
  interrupt(): void {
    this.#end({ kind: 'interrupted', reason: 'shutdown' }, undefined);
  }

  /** Nothing inside runs any more. */
  close(): void {
    this.#stopTimer();
    if (this.#parent !== null) this.#parent.#inside.delete(this);
  }

  /** @throws {Unwind} when they have ended */
  check(): void {
    if (this.#over !== null) throw new Unwind(this.#over);
  }

  /** Whether `error` says that these bounds, and not some around or inside them, have ended. */
  ended(error: unknown): boolean {
    return error instanceof Unwind && error.reason.kind === 'cut' && error.reason.by === this;
  }

  #setTimer(clock: Clock, untilMs: number): void {
    const remainingMs = untilMs - clock.now();
    if (remainingMs <= 0) this.cut();
    else {
      const again = (): void => this.#setTimer(clock, untilMs);
      this.#stopTimer = clock.after(Math.min(Math.ceil(remainingMs), MAX_TIMER_MS), again);
    }
  }

  #end(over: UnwindReason, reason: unknown): void {
    if (this.#over !== null) return;
    this.#over = over;
    this.#stopTimer();
    this.#controller.abort(reason);
    for (const bounds of this.#inside) bounds.#end(over, reason);
  }
}
