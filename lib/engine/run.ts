/** One execution under way: what every task of it shares. */
import type { Bounds } from './bounds.ts';
import { createMeter, type Meter } from '../jq/index.ts';
import type { CompiledWorkflow } from './compiled.ts';
import { standardError, WorkflowError } from './errors.ts';
import type { EngineLimits, Ports, Progress, RunFacts } from './types.ts';
import { Unwind } from './unwind.ts';

/** The event loop gets a turn at least this often between tasks, and between the stages of a task. */
const SLICE_MS = 10;

export class Run {
  readonly workflow: CompiledWorkflow;
  readonly facts: RunFacts;
  readonly progress: Progress;
  readonly ports: Ports;
  readonly limits: EngineLimits;
  /** `then: end` was met; the root of the tree holds the output. */
  ended = false;
  /** Milliseconds computed in slices that are over. */
  #usedMs = 0;
  #sliceStartedMs: number;
  /** Something was waited for: many answers may have come at once, so the next slice is asked for. */
  #waited = false;
  #budget: Meter | null = null;
  #renewed = false;

  constructor(
    workflow: CompiledWorkflow,
    facts: RunFacts,
    progress: Progress,
    ports: Ports,
    limits: EngineLimits,
  ) {
    this.workflow = workflow;
    this.facts = facts;
    this.progress = progress;
    this.ports = ports;
    this.limits = limits;
    this.#sliceStartedMs = ports.monotonic();
  }

  /** To be called between tasks; a promise when the time slice is used up, else nothing to wait for. */
  turn(): Promise<void> | undefined {
    this.#resetBudget();
    if (!this.#isSliceOver()) return undefined;
    const slice = this.#nextSlice();
    if (slice !== undefined) return slice.then(() => this.wake());
    this.wake();
    return undefined;
  }

  /** As `turn`, between two stages of a task, where nothing may stop the run. */
  breathe(): Promise<void> | undefined {
    this.#resetBudget();
    if (!this.#isSliceOver()) return undefined;
    return this.#nextSlice()?.then(() => this.#startSlice());
  }

  /**
   * To be called at the start and after every wait: begins a new time slice, and stops when asked to.
   * @throws {Unwind} interrupted
   */
  wake(): void {
    this.#startSlice();
    const reason = this.ports.interruption();
    if (reason !== null) throw new Unwind({ kind: 'interrupted', reason });
  }

  /** The first slice of this execution. */
  async begin(): Promise<void> {
    const slice = this.ports.turn(0);
    if (slice !== undefined) await slice;
    this.wake();
  }

  /**
   * Waits for something that an interruption or the end of bounds may cut short.
   * @throws {Unwind} interrupted or cut, instead of the error, when that is why it was given up
   */
  async interruptible<T>(work: Promise<T>, bounds: Bounds): Promise<T> {
    this.#endSlice();
    try {
      return await work;
    } catch (error) {
      if (this.ports.signal.aborted) {
        throw new Unwind({ kind: 'interrupted', reason: this.ports.interruption() ?? 'shutdown' });
      }
      bounds.check();
      throw error;
    } finally {
      this.#startSlice();
      this.#waited = true;
    }
  }

  /** What all expressions may use up that are evaluated in one go, between two places where the event loop gets a turn. */
  get budget(): Meter {
    this.#budget ??= createMeter(this.limits.expression ?? {});
    return this.#budget;
  }

  /**
   * A new budget for what handles an error, as that of the task that failed may be used up. The event loop gets no turn
   * in between, so there is one such budget only, whatever the number of handlers.
   */
  renewBudget(): void {
    if (this.#renewed) return;
    this.#budget = null;
    this.#renewed = true;
  }

  #resetBudget(): void {
    this.#budget = null;
    this.#renewed = false;
  }

  /**
   * Counts a task about to start.
   * @throws {WorkflowError} of type runtime, which no `try` catches, beyond MAX_RUN_STEPS
   */
  countStep(pointer: string): void {
    if (this.progress.steps >= this.limits.maxSteps) {
      const detail = `The run started ${this.limits.maxSteps} tasks, the limit MAX_RUN_STEPS.`;
      throw new WorkflowError(standardError('runtime', detail, pointer), 'limit');
    }
    this.progress.steps += 1;
  }

  #isSliceOver(): boolean {
    return this.#waited || this.ports.monotonic() - this.#sliceStartedMs >= SLICE_MS;
  }

  #nextSlice(): Promise<void> | undefined {
    this.#endSlice();
    this.#waited = false;
    return this.ports.turn(this.#usedMs);
  }

  #startSlice(): void {
    this.#resetBudget();
    this.#sliceStartedMs = this.ports.monotonic();
  }

  #endSlice(): void {
    const nowMs = this.ports.monotonic();
    this.#usedMs += nowMs - this.#sliceStartedMs;
    this.#sliceStartedMs = nowMs;
  }
}
