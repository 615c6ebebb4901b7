/** A definition, compiled once and run often. Nothing here changes while it runs. */
import type { Duration } from './duration.ts';
import type { Evaluable, Expression } from './expression.ts';
import type { Frame } from './frame.ts';
import type { Json, ListProgress, TaskProgress } from './types.ts';

export interface CompiledWorkflow {
  /** The definition as published (`$workflow.definition`). */
  readonly definition: Json;
  /** `input.from` */
  readonly input: Evaluable | null;
  /** `output.as` */
  readonly output: Evaluable | null;
  /** `input.schema`, of the raw input */
  readonly inputSchema: SchemaCheck | null;
  /** `output.schema`, of the transformed output */
  readonly outputSchema: SchemaCheck | null;
  /** `timeout.after` */
  readonly timeout: Duration | null;
  /** `use.secrets`: what `$secrets` may hold. */
  readonly secrets: readonly string[];
  readonly list: CompiledList;
}

/** A JSON schema of the definition, compiled. */
export interface SchemaCheck {
  /** What is wrong with a value, in a line or two; null when it is valid. */
  problem(value: Json): string | null;
}

/** A task list, also called a scope. */
export interface CompiledList {
  readonly tasks: readonly CompiledTask[];
  /** A `then` in this list can go backwards, so visits are counted. */
  readonly revisits: boolean;
}

/** Where a list goes on: the index of a task of the same list, or one past its last; `EXIT`; `END`. */
export type Target = number;
/** Completes the workflow. */
export const END: Target = -1;
/** Completes the list. */
export const EXIT: Target = -2;

/** An extension that applies to a task (dsl-reference, Extension). */
export interface CompiledExtension {
  /** The part of idempotency keys that tells its tasks from others, percent-encoded. */
  readonly keySegment: string;
  readonly when: Expression | null;
  readonly before: CompiledList | null;
  readonly after: CompiledList | null;
}

/** One task: what all types share, and the body, which is the type's own. */
export interface CompiledTask {
  readonly name: string;
  readonly kind: string;
  /** JSON pointer into the definition, for example `/do/0/loop/do/1/pay`. */
  readonly pointer: string;
  /** The end of the pointer, from the enclosing task on, percent-encoded: a part of idempotency keys. */
  readonly keySegment: string;
  readonly definition: Json;
  /** `if` */
  readonly condition: Expression | null;
  /** `input.from` */
  readonly input: Evaluable | null;
  /** `output.as` */
  readonly output: Evaluable | null;
  /** `export.as` */
  readonly context: Evaluable | null;
  /** `input.schema`, of the raw input */
  readonly inputSchema: SchemaCheck | null;
  /** `output.schema`, of the transformed output */
  readonly outputSchema: SchemaCheck | null;
  /** `export.schema`, of the new context */
  readonly contextSchema: SchemaCheck | null;
  /** `timeout.after` */
  readonly timeout: Duration | null;
  readonly extensions: readonly CompiledExtension[];
  /** `then` */
  readonly next: Target;
  readonly body: TaskBody;
}

/** A raw output together with where to go on, which then replaces the task's own `then`. */
export class Flow {
  readonly output: Json;
  readonly next: Target;

  constructor(output: Json, next: Target) {
    this.output = output;
    this.next = next;
  }
}

export type TaskResult = Json | Flow;

/** What a task type does between its transformed input and its raw output. */
export interface TaskBody {
  /**
   * Keeps a node in the progress tree while it runs: composites, side effects and timers.
   * A body without one is computed again after a crash.
   */
  readonly durable: boolean;
  /**
   * @param input the transformed input (`.` and `$input`)
   * @param node the task's node; in the progress tree when the body is durable, filled when it is resumed
   * @returns the raw output; a pure body returns it at once, without a promise
   * @throws {WorkflowError}
   */
  run(frame: Frame, input: Json, node: TaskProgress): TaskResult | Promise<TaskResult>;
  /**
   * The lists in which it stands, for what has lists inside (refit.ts).
   * @param state the `body` of its node
   */
  inside?(state: Record<string, unknown>): readonly InnerList[];
  /** Forgets what belongs to one run alone, so that another run can go on from the node (refit.ts). */
  forget?(node: TaskProgress): void;
}

/** A list inside a task, and where it stands. */
export interface InnerList {
  /** What the task calls it, for people: `do`, `catch.do`, `branch "a"`. */
  readonly name: string;
  readonly list: CompiledList;
  /** null: it stands nowhere in it. */
  readonly node: ListProgress | null;
}
