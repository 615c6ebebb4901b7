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
  /** Time, of which the process had the processor; in no case more than five times as long by the clock. */
  maxTimeMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxSteps: 1_000_000,
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 500,
  maxOutputs: 100_000,
  maxTimeMs: 40,
};

/** The clock is read once in this many steps. */
const STEPS_PER_CLOCK_READING = 100;
/**
 * How many times its limit a program may take by the clock. A machine that is busy must not fail programs that are
 * fast: what they use is what others would have to wait for.
 */
const MAX_WAITING = 5;

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Counts the steps, bytes and time of one or several evaluations; every excess is a {@link JqLimitError}. */
export class Meter {
  readonly limits: Limits;
  private steps = 0;
  private bytes = 0;
  private nextCheck: number;
  private readonly startMs: number;
  private deadlineMs: number;
  /** Processor time at the first reading of the clock; short programs never read it. */
  private processorStartMs: number | null = null;

  constructor(limits: Limits) {
    this.limits = limits;
    this.nextCheck = Math.min(STEPS_PER_CLOCK_READING, limits.maxSteps);
    this.startMs = performance.now();
    this.deadlineMs = this.startMs + limits.maxTimeMs;
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

  /** Refuses what is nested deeper than the limit, where jq itself would leave a part out. */
  checkDepth(depth: number): void {
    if (depth > this.limits.maxDepth) throw new JqLimitError('depth', this.limits.maxDepth);
  }

  /** Reads the clock now, for work that takes long within few steps. */
  checkTime(): void {
    this.processorStartMs ??= processorMs();
    const nowMs = performance.now();
    if (nowMs <= this.deadlineMs) return;
    const { maxTimeMs } = this.limits;
    const leftMs = maxTimeMs - (processorMs() - this.processorStartMs);
    if (leftMs <= 0 || nowMs > this.startMs + maxTimeMs * MAX_WAITING)
      throw new JqLimitError('time', maxTimeMs);
    this.deadlineMs = nowMs + leftMs;
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
