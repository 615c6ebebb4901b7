/** What one evaluation may use, and the meter that counts it. */
import { JqLimitError } from './errors.ts';

/** Budgets of one evaluation. */
export interface Limits {
  /** Turns of the interpreter and of the loops inside builtins. */
  maxSteps: number;
  /** Bytes allocated in all, counted before each allocation. */
  maxBytes: number;
  /** Nesting of values and length of paths. */
  maxDepth: number;
  maxOutputs: number;
  /** Wall-clock time. */
  maxTimeMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxSteps: 1_000_000,
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 500,
  maxOutputs: 100_000,
  maxTimeMs: 100,
};

/** The clock is read once in this many steps. */
const STEPS_PER_CLOCK_READING = 1000;

/** Counts the steps, bytes and time of one evaluation; every excess is a {@link JqLimitError}. */
export class Meter {
  readonly limits: Limits;
  private steps = 0;
  private bytes = 0;
  private nextCheck: number;
  private readonly deadlineMs: number;

  constructor(limits: Limits) {
    this.limits = limits;
    this.nextCheck = Math.min(STEPS_PER_CLOCK_READING, limits.maxSteps);
    this.deadlineMs = performance.now() + limits.maxTimeMs;
  }

  /** Counts `count` steps. */
  tick(count = 1): void {
    this.steps += count;
    if (this.steps > this.nextCheck) this.check();
  }

  /** Counts `count` bytes; call it before allocating them. */
  charge(count: number): void {
    this.bytes += count;
    if (this.bytes > this.limits.maxBytes) throw new JqLimitError('bytes', this.limits.maxBytes);
  }

  /** Reads the clock now, for work that takes long within few steps. */
  checkTime(): void {
    if (performance.now() > this.deadlineMs) throw new JqLimitError('time', this.limits.maxTimeMs);
  }

  private check(): void {
    if (this.steps > this.limits.maxSteps) throw new JqLimitError('steps', this.limits.maxSteps);
    this.checkTime();
    this.nextCheck = Math.min(this.steps + STEPS_PER_CLOCK_READING, this.limits.maxSteps);
  }
}

/** A meter that never runs out, for trusted values outside an evaluation. */
export function unlimited(): Meter {
  return new Meter({
    maxSteps: Infinity,
    maxBytes: Infinity,
    maxDepth: 100_000,
    maxOutputs: Infinity,
    maxTimeMs: Infinity,
  });
}

/** Bytes charged per element of an array and per member of an object. */
export const ELEMENT_BYTES = 8;
export const MEMBER_BYTES = 32;
/** Bytes charged for a container or a piece of a string on its own. */
export const HEADER_BYTES = 32;
