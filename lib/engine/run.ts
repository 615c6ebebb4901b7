/** One execution under way: what every task of it shares. */
import type { CompiledWorkflow } from './compiled.ts';
import { standardError, WorkflowError } from './errors.ts';
import type { EngineLimits, Ports, Progress, RunFacts } from './types.ts';
import { Unwind } from './unwind.ts';

/** The event loop gets a turn at least this often between tasks. */
const SLICE_MS = 10;

export class Run {
  readonly workflow: CompiledWorkflow;
  readonly facts: RunFacts;
  readonly progress: Progress;
  readonly ports: Ports;
  readonly limits: EngineLimits;
  /** `then: end` was met; the root of the tree holds the output. */
  ended = false;
  #sliceStartedMs: number;

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
    if (this.ports.monotonic() - this.#sliceStartedMs < SLICE_MS) return undefined;
    return this.ports.yield().then(() => this.wake());
  }

  /**
   * To be called after every wait: begins a new time slice, and stops when asked to.
   * @throws {Unwind} interrupted
   */
  wake(): void {
    this.#sliceStartedMs = this.ports.monotonic();
    const reason = this.ports.interruption();
    if (reason !== null) throw new Unwind({ kind: 'interrupted', reason });
  }

  /**
   * Waits for something that an interruption may cut short.
   * @throws {Unwind} interrupted, instead of the error, when the signal was aborted
   */
  async interruptible<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!this.ports.signal.aborted) throw error;
      throw new Unwind({ kind: 'interrupted', reason: this.ports.interruption() ?? 'shutdown' });
    }
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
}
