/**
 * Shares the processor between executions that compute: who has used little goes first, and the event loop turns
 * between two slices, so that heartbeats, the queue and the database are answered whatever the executions do.
 *
 * 1. One long slice in a turn of the loop. Short ones share a turn while it is younger than SHARED_MS.
 * 2. After a slice the loop has a tenth of that time for itself: an answer often asks for the next one.
 * 3. An execution that has just begun counts as one of its workflow: forty that begin at once keep no other waiting.
 * 4. Every fourth turn belongs to who has waited longest, so that nobody waits for ever.
 */
import { createSliceLengths } from './slice-lengths.ts';

/** Executions that ask within this time of the first one in a turn of the loop may go on in that turn. */
const SHARED_MS = 5;
/** Longest pause between two slices. */
const MAX_PAUSE_MS = 10;
/** Milliseconds used below which an execution is of level 0, 1 …; above the last it is of the last level. */
const LEVELS_MS = [10, 500];
/** One in so many turns goes to the oldest, of any level. */
const OLDEST_EVERY = 4;

/** An execution that asks to go on. */
interface Asking {
  workflowId: string;
  /** What it has used so far, ms. */
  usedMs: number;
  /** When it aborts, the execution goes on at once, to stop. */
  signal: AbortSignal;
}

/** @returns undefined when the execution may go on at once, else a promise that resolves when it may */
export type Turn = (asking: Asking) => Promise<void> | undefined;

/** The clock, in ms, and the event loop. */
export interface TurnLoop {
  now(): number;
  /** Runs `work` in the next turn of the event loop. */
  immediate(work: () => void): void;
  /** Runs `work` after so many milliseconds. */
  delay(work: () => void, ms: number): void;
}

const EVENT_LOOP: TurnLoop = {
  now: () => performance.now(),
  immediate: (work) => void setImmediate(work),
  delay: (work, ms) => void setTimeout(work, ms),
};

interface Waiting {
  readonly asking: Asking;
  readonly resume: () => void;
}

class Turns {
  readonly #loop: TurnLoop;
  readonly #lengths = createSliceLengths();
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiting>();
  /** When the first execution of this turn of the loop went on; null while none has. */
  #startedMs: number | null = null;
  /** The workflow of the last execution that went on: the others of its turn were short. */
  #lastWorkflowId = '';
  /** The loop calls back. */
  #scheduled = false;
  #granted = 0;

  constructor(loop: TurnLoop) {
    this.#loop = loop;
  }

  ask(asking: Asking): Promise<void> | undefined {
    const { signal } = asking;
    if (signal.aborted || this.#mayGoOn(asking)) return undefined;
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#waiting.delete(waiting);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiting: Waiting = { asking, resume: leave };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', leave);
      this.#schedule(0);
    });
  }

  #levelOf({ usedMs, workflowId }: Asking): number {
    const level = LEVELS_MS.findIndex((limitMs) => usedMs < limitMs);
    if (level === -1) return LEVELS_MS.length;
    return level === 0 && this.#lengths.expectedMs(workflowId) >= (LEVELS_MS[0] ?? 0) ? 1 : level;
  }

  #mayGoOn(asking: Asking): boolean {
    const level = this.#levelOf(asking);
    for (const other of this.#waiting) if (this.#levelOf(other.asking) <= level) return false;
    if (this.#startedMs === null) {
      // What is scheduled while nobody runs is the end of a pause, in which only short executions go on.
      if (this.#scheduled && level > 0) return false;
      this.#begin();
    } else if (level > 0 || this.#loop.now() - this.#startedMs >= SHARED_MS) return false;
    this.#lastWorkflowId = asking.workflowId;
    return true;
  }

  #begin(): void {
    this.#startedMs = this.#loop.now();
    this.#schedule(0);
  }

  #schedule(delayMs: number): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const work = (): void => {
      this.#scheduled = false;
      this.#next();
    };
    if (delayMs > 0) this.#loop.delay(work, delayMs);
    else this.#loop.immediate(work);
  }

  /** A new turn of the loop. */
  #next(): void {
    const heldMs = this.#startedMs === null ? 0 : this.#loop.now() - this.#startedMs;
    if (this.#startedMs !== null) this.#lengths.learn(this.#lastWorkflowId, heldMs);
    this.#startedMs = null;
    if (this.#waiting.size === 0) return;
    const pauseMs = Math.min(heldMs / 10, MAX_PAUSE_MS);
    if (pauseMs >= 1) {
      this.#schedule(pauseMs);
      return;
    }
    const next = this.#choose();
    if (next === undefined) return;
    this.#begin();
    this.#lastWorkflowId = next.asking.workflowId;
    next.resume();
  }

  #choose(): Waiting | undefined {
    const [oldest] = this.#waiting;
    this.#granted += 1;
    if (oldest === undefined || this.#granted % OLDEST_EVERY === 0) return oldest;
    let best = oldest;
    for (const waiting of this.#waiting) {
      if (this.#levelOf(waiting.asking) < this.#levelOf(best.asking)) best = waiting;
    }
    return best;
  }
}

/** @param loop only tests give their own */
export function createTurns(loop: TurnLoop = EVENT_LOOP): Turn {
  const turns = new Turns(loop);
  return (asking) => turns.ask(asking);
}
