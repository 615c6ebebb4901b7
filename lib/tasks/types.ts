/** What a file in this folder exports: one task type, from its definition to a body that runs. */
import type { CompiledList, SchemaCheck, Target, TaskBody } from '../engine/compiled.ts';
import type { Duration } from '../engine/duration.ts';
import type { Evaluable, Expression, Template } from '../engine/expression.ts';
import type { JsonObject } from '../engine/json.ts';
import type { Json } from '../jq/index.ts';

export type { TaskBody } from '../engine/compiled.ts';
export type { Evaluable, Expression } from '../engine/expression.ts';
export type { Frame } from '../engine/frame.ts';
export type { JsonObject } from '../engine/json.ts';
export type { Json, TaskProgress } from '../engine/types.ts';

/**
 * Compiles what a task definition has inside. The definition was validated before: everything here is expected to
 * succeed, and an exception is a bug. `locals` are names of variables bound beyond those of the scope around.
 */
export interface CompileContext {
  /** JSON pointer of the task, for example `/do/0/getPet`. */
  readonly pointer: string;
  /** Names of the variables in sight, without `$`. */
  readonly variables: readonly string[];
  /** Text that is an expression by its place: bare or in `${ }`. */
  expression(text: string, locals?: readonly string[]): Expression;
  /** A value in which only strings that are one whole `${ }` are expressions. */
  template(value: Json, locals?: readonly string[]): Template;
  /** Text is an expression, bare or in `${ }`; anything else a template. */
  transform(value: Json, locals?: readonly string[]): Evaluable;
  /** ISO 8601 text, an object of units, or one `${ }`. */
  duration(value: Json, locals?: readonly string[]): Duration;
  /**
   * A task list inside this task.
   * @param path where it is in the task, for example `do` or `catch/do`
   */
  list(nodes: Json, path: string, locals?: readonly string[]): CompiledList;
  /** Each entry of a task list as a list of its own: the branches of a fork. */
  branches(nodes: Json, path: string): CompiledList[];
  /** A function of `use.functions` as a list of one task; to be asked for when the task runs. */
  callable(name: string): () => CompiledList;
  /** A flow directive, seen from this task: `continue`, `exit`, `end` or a task of the same list. */
  target(directive: Json): Target;
  /** An entry of `use`. */
  reusable(kind: 'authentications' | 'errors' | 'retries' | 'timeouts', name: string): Json;
  /**
   * What was kept of an external resource when the version was published (lib/resources): an OpenAPI operation, a
   * .proto text, a JSON schema.
   * @param path where the resource is in the task, for example `with/document`
   * @returns its text, or null when nothing was kept for that place
   */
  resource(path: string): string | null;
  /**
   * A schema node, for those that are not of the task itself.
   * @param node undefined where the definition has none
   * @param path where it is in the task, for example `foreach/output/schema`
   */
  schema(node: Json | undefined, path: string): SchemaCheck | null;
}

export interface TaskModule {
  /** Name of the type, as in the timeline: `set`, `for`, `call-http`… */
  readonly kind: string;
  /** Whether a task definition is of this type. */
  matches(node: JsonObject): boolean;
  compile(node: JsonObject, context: CompileContext): TaskBody;
}
