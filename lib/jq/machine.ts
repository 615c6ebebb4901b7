/**
 * The machine that runs compiled programs.
 *
 * Purpose: generators with backtracking, lazily, in constant JavaScript stack. A node hands each of its outputs to
 * a continuation; alternatives wait as forks on an explicit stack. Every delivery and every call of a function
 * returns to the loop in {@link Machine.drive} first, so recursion grows the heap and is counted there.
 *
 * Invariants:
 * 1. A `step` or `apply` ends in exactly one of deliver, call, fail or a thrown jq error.
 * 2. The JavaScript stack between two turns of the loop is bounded by the height of the syntax tree.
 * 3. Forks are used last in, first out; a fork that resumes has been popped.
 * 4. A path is carried only in path mode (`path` is not null) and remembers the value it leads to.
 */
import { JqLimitError, JqThrow } from './errors.ts';
import type { Json } from './json.ts';
import type { Meter } from './limits.ts';

/** Continuations nest at most this deep: recursion that is not in tail position. */
const MAX_FRAMES = 20_000;
/** Machines that may run inside one another: recursion through the key of a pattern. */
const MAX_NESTING = 20;
/** Alternatives that may wait at one time. */
const MAX_FORKS = 100_000;

/** A path from the root, as a list that grows at its end; `value` is what it leads to. */
export class Path {
  readonly parent: Path | null;
  readonly key: Json;
  readonly value: Json;
  readonly length: number;
  constructor(parent: Path | null, key: Json, value: Json) {
    this.parent = parent;
    this.key = key;
    this.value = value;
    this.length = parent === null ? 0 : parent.length + 1;
  }
}

/** Bound variables, closures and labels, innermost first; found by their distance, which the compiler knows. */
export class Environment {
  readonly parent: Environment | null;
  readonly value: Json | Closure | Fork;
  constructor(parent: Environment | null, value: Json | Closure | Fork) {
    this.parent = parent;
    this.value = value;
  }
}

/** An argument that is evaluated where it is used. */
export class Closure {
  readonly node: Node;
  readonly environment: Environment | null;
  constructor(node: Node, environment: Environment | null) {
    this.node = node;
    this.environment = environment;
  }
}

/** What happens to an output. `depth` counts the continuations below. */
export class Continuation {
  readonly depth: number;
  readonly apply: (value: Json, path: Path | null) => void;
  constructor(depth: number, apply: (value: Json, path: Path | null) => void) {
    this.depth = depth;
    this.apply = apply;
  }
}

/** An alternative. `onError` sees a jq error that passes and tells whether it took care of it. */
export class Fork {
  readonly resume: () => void;
  readonly onError: ((error: JqThrow) => boolean) | null;
  /** Where on the stack of forks it stands, for `break`. */
  readonly height: number;
  constructor(height: number, resume: () => void, onError: ((error: JqThrow) => boolean) | null) {
    this.height = height;
    this.resume = resume;
    this.onError = onError;
  }
}

/** Runs in path mode when `path` is not null. */
export type Step = (
  machine: Machine,
  input: Json,
  path: Path | null,
  environment: Environment | null,
  next: Continuation,
) => void;
/** The one output, or undefined for none. */
export type Direct = (machine: Machine, input: Json, environment: Environment | null) => Json | undefined;
/** Gives every output to `emit`, which returns true to stop; returns whether it was stopped. */
export type Each = (
  machine: Machine,
  input: Json,
  environment: Environment | null,
  emit: (value: Json) => boolean,
) => boolean;

/** The keys of a path, or undefined when a key has no output. */
export type Locate = (machine: Machine, input: Json, environment: Environment | null) => Json[] | undefined;

/** A compiled expression. */
export interface Node {
  readonly step: Step;
  /** Set when there is one output at most and no recursion. */
  readonly direct: Direct | null;
  /** Set when the outputs can be produced by plain loops, without recursion. */
  readonly each: Each | null;
  /** Height of the tree of nodes; bounds the JavaScript stack. */
  readonly height: number;
  /** True when every output is part of the input or of a variable, or a finite scalar. */
  readonly shares: boolean;
  /** The value of a constant. */
  readonly constant: Json | undefined;
  /** Set for a chain of plain indices from the input: the keys of its one path. */
  readonly locate: Locate | null;
}

type Mode = 'deliver' | 'call' | 'fail' | 'done';

/** One evaluation of a program. */
export class Machine {
  readonly meter: Meter;
  /** Values of the free variables, by index. */
  readonly globals: readonly Json[];
  /** The clock for `now`, in seconds. */
  readonly nowSeconds: number;
  private forks: Fork[] = [];
  private mode: Mode = 'done';
  private value: Json = null;
  private path: Path | null = null;
  private next: Continuation | null = null;
  private node: Node | null = null;
  private environment: Environment | null = null;

  /** How many machines wait for this one inside their steps. */
  private readonly nesting: number;

  constructor(meter: Meter, globals: readonly Json[], nowSeconds: number, nesting = 0) {
    this.meter = meter;
    this.globals = globals;
    this.nowSeconds = nowSeconds;
    this.nesting = nesting;
  }

  /** Gives an output to its continuation. */
  deliver(next: Continuation, value: Json, path: Path | null): void {
    this.mode = 'deliver';
    this.next = next;
    this.value = value;
    this.path = path;
  }

  /** Evaluates a node from the loop: the way of every call that may recur. */
  call(
    node: Node,
    input: Json,
    path: Path | null,
    environment: Environment | null,
    next: Continuation,
  ): void {
    if (next.depth > MAX_FRAMES) throw new JqLimitError('depth', MAX_FRAMES);
    this.mode = 'call';
    this.node = node;
    this.value = input;
    this.path = path;
    this.environment = environment;
    this.next = next;
  }

  /** No (more) output: the newest fork goes on. */
  fail(): void {
    this.mode = 'fail';
  }

  /** A continuation in front of `next`. */
  onOutput(next: Continuation, apply: (value: Json, path: Path | null) => void): Continuation {
    return new Continuation(next.depth + 1, apply);
  }

  /** Leaves an alternative on the stack of forks. */
  fork(resume: () => void, onError: ((error: JqThrow) => boolean) | null = null): Fork {
    const fork = new Fork(this.forks.length, resume, onError);
    this.push(fork);
    return fork;
  }

  /** Puts a fork that was popped back, to resume again. */
  push(fork: Fork): void {
    if (this.forks.length > MAX_FORKS) throw new JqLimitError('depth', MAX_FORKS);
    this.forks.push(fork);
  }

  /** Runs `use` for 0, then on each return for the next number below `count`. */
  alternatives(count: number, use: (index: number) => void): void {
    let index = 0;
    const fork: Fork = new Fork(
      this.forks.length,
      () => {
        const now = index++;
        if (index < count) this.push(fork);
        use(now);
      },
      null,
    );
    if (count === 0) this.fail();
    else fork.resume();
  }

  /** Takes the fork off if it is the newest: nothing is left to try inside it. */
  dropIfNewest(fork: Fork): boolean {
    if (this.forks.at(-1) !== fork) return false;
    this.forks.pop();
    return true;
  }

  /** Drops a fork with every newer one. */
  cut(fork: Fork): void {
    this.forks.length = fork.height;
  }

  /** Gives every output of a node to `emit` until that returns true. */
  run(node: Node, input: Json, environment: Environment | null, emit: (value: Json) => boolean): void {
    if (node.each !== null) {
      node.each(this, input, environment, emit);
      return;
    }
    const last = new Continuation(0, (value) => {
      if (emit(value)) this.mode = 'done';
      else this.fail();
    });
    this.call(node, input, null, environment, last);
    while (this.mode !== 'done') this.drive();
  }

  /** A machine for a part that runs to its end inside a step, with the same budgets. */
  inner(): Machine {
    if (this.nesting >= MAX_NESTING) throw new JqLimitError('depth', MAX_NESTING);
    return new Machine(this.meter, this.globals, this.nowSeconds, this.nesting + 1);
  }

  private drive(): void {
    try {
      for (;;) {
        this.meter.tick();
        if (this.mode === 'deliver') this.next?.apply(this.value, this.path);
        else if (this.mode === 'call') this.startCall();
        else if (this.mode === 'fail') this.resumeNewest();
        else return;
      }
    } catch (error) {
      if (!(error instanceof JqThrow)) throw error;
      // The text of the error may have cost far more than a step.
      this.meter.checkTime();
      this.unwind(error);
    }
  }

  private startCall(): void {
    const { node, next } = this;
    if (node === null || next === null) throw new TypeError('a call without a node');
    node.step(this, this.value, this.path, this.environment, next);
  }

  private resumeNewest(): void {
    const fork = this.forks.pop();
    if (fork === undefined) this.mode = 'done';
    else fork.resume();
  }

  /** Looks for the newest fork that handles a jq error. */
  private unwind(error: JqThrow): void {
    for (let fork = this.forks.pop(); fork !== undefined; fork = this.forks.pop()) {
      if (fork.onError?.(error) === true) return;
    }
    throw error;
  }
}
