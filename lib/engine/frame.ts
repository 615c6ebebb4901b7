/** One task while it runs: what its expressions see, and everything a task type may ask of the interpreter. */
import type { Json, Limits, Meter } from '../jq/index.ts';
import type { Bounds } from './bounds.ts';
import type { CompiledTask } from './compiled.ts';
import { runtimeDescriptor, taskDescriptor, workflowDescriptor } from './descriptors.ts';
import { standardError, WorkflowError, type ErrorMembers, type ErrorName } from './errors.ts';
import type { Evaluable, Expression, Scope } from './expression.ts';
import type { Run } from './run.ts';
import type { DslError, Ports, TaskProgress, TimelineEntry } from './types.ts';
import { Unwind } from './unwind.ts';
import { localsOf, secretsOf, type Locals } from './variables.ts';

/** A wait of at most this long sleeps in place; a longer one gives the worker slot back. */
const SLEEP_MS = 1000;

/** Holds `$context`: the tree's root, a branch of a fork, a call of a function. It is in the progress tree. */
export interface ContextHolder {
  context: Json;
}

/** Where in the run a list is executed, beyond its place in the definition. */
export interface Place {
  readonly locals: Locals;
  /** Indices of the enclosing loops, outermost first. */
  readonly iteration: readonly number[];
  /** Attempt of the innermost enclosing `try`, from 1. */
  readonly attempt: number;
  /** Beginning of the idempotency keys of the tasks inside. */
  readonly key: string;
  readonly holder: ContextHolder;
  readonly bounds: Bounds;
  /** How many calls of functions stand around. */
  readonly depth: number;
  /** The innermost branch of a fork around, in the tree; null outside of forks. */
  readonly branch: object | null;
}

/** What a list inside a task has of its own; the rest is that of the task. */
export interface Added {
  /** Beside the variables around. */
  locals?: Locals;
  /** Instead of the variables around. */
  onlyLocals?: Locals;
  iteration?: number;
  attempt?: number;
  /** Appended to the key. */
  keySegment?: string;
  holder?: ContextHolder;
  bounds?: Bounds;
  depth?: number;
  branch?: object;
}

export class Frame implements Scope {
  readonly run: Run;
  readonly task: CompiledTask;
  readonly place: Place;
  /** How often the task was entered in its list, from 1. */
  readonly visit: number;
  readonly raw: Json;
  readonly node: TaskProgress;
  /** The timeline says that the task started. */
  begun = false;
  /** The transformed input; null until `input.from` was evaluated. */
  input: Json = null;
  rawOutput: Json = null;
  /** The transformed output; null until `output.as` was evaluated. */
  output: Json = null;
  /** What may cut the task off: those of its place, or its own time limit. */
  bounds: Bounds;
  /** `$authorization`: null until a call of this task has sent credentials. */
  authorization: Json = null;

  constructor(run: Run, task: CompiledTask, place: Place, visit: number, raw: Json, node: TaskProgress) {
    this.run = run;
    this.task = task;
    this.place = place;
    this.bounds = place.bounds;
    this.visit = visit;
    this.raw = raw;
    this.node = node;
  }

  get ports(): Ports {
    return this.run.ports;
  }

  get instance(): string {
    return this.task.pointer;
  }

  get limits(): Partial<Limits> {
    return this.run.limits.expression ?? {};
  }

  get meter(): Meter {
    return this.run.budget;
  }

  nowMs(): number {
    return this.ports.now();
  }

  /** Stable over crashes, resumption and attempts; unique per loop iteration and visit. Printable ASCII. */
  get idempotencyKey(): string {
    return this.place.key + this.task.keySegment + (this.visit > 1 ? `;${this.visit}` : '');
  }

  variable(name: string): Json {
    const local = this.place.locals[name];
    if (local !== undefined) return local;
    switch (name) {
      case 'context':
        return this.place.holder.context;
      case 'input':
        return this.input;
      case 'output':
        return this.output;
      case 'task':
        return this.descriptor();
      case 'workflow':
        return workflowDescriptor(this.run.facts, this.run.workflow.definition);
      case 'runtime':
        return runtimeDescriptor(this.run.facts);
      case 'secrets':
      case 'secret':
        return this.secrets();
      case 'authorization':
        return this.authorization;
      default:
        return null;
    }
  }

  /**
   * Evaluates an expression or a template with every variable bound.
   * @param locals further variables, as named when it was compiled
   * @throws {WorkflowError} of type expression
   */
  evaluate(what: Evaluable, data: Json, locals?: Locals): Json {
    return what.evaluate(data, locals === undefined ? this : this.scope(locals));
  }

  /** Evaluates a condition; otherwise as `evaluate`. */
  test(condition: Expression, data: Json, locals?: Locals): boolean {
    return condition.test(data, locals === undefined ? this : this.scope(locals));
  }

  /** What this task's expressions see, and `locals` besides. */
  scope(locals: Locals): Scope {
    return {
      instance: this.instance,
      limits: this.limits,
      meter: this.meter,
      nowMs: () => this.nowMs(),
      variable: (name) => (Object.hasOwn(locals, name) ? (locals[name] ?? null) : this.variable(name)),
    };
  }

  /** `$secrets` @throws {WorkflowError} of type authorization when the org lacks one that the definition names */
  secrets(): Json {
    return secretsOf(this.run.facts, this.instance);
  }

  /** The end of a time limit; of a call, it may be retried. */
  timedOut(detail: string): WorkflowError {
    const origin = this.task.kind.startsWith('call-') && this.task.kind !== 'call-function' ? 'call' : 'task';
    return new WorkflowError(standardError('timeout', detail, this.instance), origin);
  }

  /** A standard error of this task, to be thrown. */
  fail(name: ErrorName, detail: string, members: ErrorMembers & ErrorOptions = {}): WorkflowError {
    const error = standardError(name, detail, this.instance, members);
    return new WorkflowError(error, 'task', 'cause' in members ? { cause: members.cause } : {});
  }

  /** `$task` as it is now. */
  descriptor(): Json {
    return taskDescriptor(this.task, {
      input: this.raw,
      output: this.rawOutput,
      startedAtMs: this.node.startedAtMs,
      idempotencyKey: this.idempotencyKey,
    });
  }

  /** The place of a list inside this task, with what it adds. */
  inside(added: Added = {}): Place {
    const { place } = this;
    const { iteration } = added;
    const index = iteration === undefined ? '' : `[${iteration}]`;
    return {
      locals:
        added.onlyLocals ??
        (added.locals === undefined ? place.locals : localsOf(place.locals, added.locals)),
      iteration: iteration === undefined ? place.iteration : [...place.iteration, iteration],
      attempt: added.attempt ?? place.attempt,
      key: this.idempotencyKey + index + (added.keySegment ?? ''),
      holder: added.holder ?? place.holder,
      bounds: added.bounds ?? this.bounds,
      depth: added.depth ?? place.depth,
      branch: added.branch ?? place.branch,
    };
  }

  /** Appends to the timeline. */
  report(
    type: TimelineEntry['type'],
    members: { attempt?: number; until?: number; error?: DslError } = {},
  ): void {
    const { task, place } = this;
    const attempt = members.attempt ?? place.attempt;
    this.ports.timeline({
      type,
      at: new Date(this.ports.now()).toISOString(),
      task: task.pointer,
      name: task.name,
      kind: task.kind,
      ...(place.iteration.length > 0 && { iteration: [...place.iteration] }),
      ...(attempt > 1 && { attempt }),
      ...(members.until !== undefined && { until: new Date(members.until).toISOString() }),
      ...(members.error !== undefined && { error: members.error }),
    });
  }

  /**
   * Runs a side effect once: a recorded result is given back as it is; else the effect starts when everything
   * recorded before is durable, and its result is recorded. Needs a durable body.
   * @param node the node that `run` was given
   * @param action the effect; gives the raw output; to be given up when the signal aborts
   * @throws {WorkflowError} what the action throws, then with the origin `call`
   */
  async effect(node: TaskProgress, action: (signal: AbortSignal) => Promise<Json>): Promise<Json> {
    if (node.result !== undefined) return node.result.value;
    const { run, ports, bounds } = this;
    await run.interruptible(ports.recorded(), bounds);
    run.wake();
    bounds.check();
    try {
      const value = await run.interruptible(action(bounds.signal), bounds);
      node.result = { value };
      this.record();
      run.wake();
      return value;
    } catch (error) {
      if (!(error instanceof WorkflowError) || error.origin === 'call') throw error;
      throw new WorkflowError(error.error, 'call', { cause: error });
    }
  }

  /** The tree has changed here: the next write is to take it along. */
  changed(): void {
    const { branch } = this.place;
    if (branch !== null) this.ports.changed(branch);
  }

  /** What the tree holds now is to be written: the result of a side effect, or a decision. */
  record(): void {
    this.changed();
    this.ports.record();
  }

  /** When a timer of `ms` from now is over, in epoch milliseconds; to be kept in the node, for `reach`. */
  startTimer(ms: number): number {
    const untilMs = Math.ceil(this.ports.now()) + ms;
    if (ms > SLEEP_MS) this.report('task_waiting', { until: untilMs });
    return untilMs;
  }

  /**
   * Waits until a timer is over: at most 1 s in place.
   * @throws {Unwind} parked, when it takes longer
   */
  async reach(untilMs: number): Promise<void> {
    this.bounds.check();
    const remainingMs = untilMs - this.ports.now();
    if (remainingMs > SLEEP_MS) throw this.park(untilMs);
    if (remainingMs <= 0) return;
    await this.run.interruptible(this.ports.sleep(remainingMs, this.bounds.signal), this.bounds);
    this.run.wake();
  }

  /** To be thrown: nothing to do until then, or until the run is signalled, or a time limit around is over. */
  park(untilMs: number): Unwind {
    return new Unwind({ kind: 'parked', untilMs: Math.min(untilMs, this.bounds.untilMs) });
  }
}
