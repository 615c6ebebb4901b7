/** What every check is given: where it stands, and what the definition around it has. */
import type { JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { ExpressionChecks } from './expressions.ts';
import type { Report } from './report.ts';

/** Sections of `use` whose components are referred to by name. */
export const SECTIONS = ['authentications', 'errors', 'functions', 'retries', 'timeouts'] as const;
export type Section = (typeof SECTIONS)[number];

/** Reusable components by name; a section that is absent or no object is empty. */
export type Components = Readonly<Record<Section, ReadonlyMap<string, Json>>>;

/** One validation of one definition. */
export interface Context {
  readonly report: Report;
  readonly expressions: ExpressionChecks;
  readonly use: Components;
  /** The names in `use.secrets`. */
  readonly secrets: ReadonlySet<string>;
  /** Names in `use.retries` that a `try` has used, and that were checked there. */
  readonly checkedRetries: Set<string>;
  readonly limits: { readonly maxForkBranches: number };
  /** Checks a list of tasks. Here, and not an import, because composite tasks and lists contain each other. */
  taskList(value: Json | undefined, where: ListPlace): void;
}

/** A list of tasks that is being checked. */
export interface ListPlace {
  /** JSON pointer of the list. */
  readonly path: string;
  /** Names of the local variables in scope, without `$`. */
  readonly locals: readonly string[];
  /** Begins the messages about the list itself, for example "`do`". */
  readonly name: string;
  /** The tasks run side by side, and none can lead to another. */
  readonly branches?: true;
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
