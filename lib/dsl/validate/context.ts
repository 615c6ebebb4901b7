/** What every check is given: where it stands, and what the definition around it has. */
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { ExpressionChecks } from './expressions.ts';
import type { Report } from './report.ts';

/** One validation of one definition. */
export interface Context {
  readonly report: Report;
  readonly expressions: ExpressionChecks;
  /** Reusable components by name. */
  readonly use: { readonly errors: ReadonlyMap<string, Json>; readonly retries: ReadonlyMap<string, Json> };
  /** Names in `use.retries` that a `try` has used, and that were checked there. */
  readonly checkedRetries: Set<string>;
  /** Checks a list of tasks. Here, and not an import, because composite tasks and lists contain each other. */
  taskList(value: Json | undefined, path: string, locals: readonly string[], name: string): void;
}

/** A task that is being checked. */
export interface TaskPlace {
  readonly context: Context;
  readonly task: JsonObject;
  /** JSON pointer of the task. */
  readonly path: string;
  /** Names of the local variables in scope, without `$`. */
  readonly locals: readonly string[];
  /** Names of the tasks in the same list: where `then` may lead. */
  readonly siblings: ReadonlySet<string>;
}
