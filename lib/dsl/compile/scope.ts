/** What surrounds a task list while it is compiled. */
import type { CompiledExtension, CompiledList } from '../../engine/compiled.ts';

import type { Json } from '../../jq/index.ts';
import type { TaskModule } from '../../tasks/types.ts';

/** An extension of `use.extensions`, compiled once for all tasks that it extends. */
export interface Extension extends CompiledExtension {
  /** `extend`: a kind of task, `composite` or `all` */
  readonly extend: string;
}

/** A function of `use.functions`; its list is null while it is being compiled: functions may call each other. */
interface FunctionEntry {
  list: CompiledList | null;
}

export interface CompileScope {
  /** JSON pointer of the task the list is in; empty at the root. */
  readonly pointer: string;
  /** The definition's `use`. */
  readonly use: Json;
  /** Names of the variables in sight. */
  readonly variables: readonly string[];
  /** `evaluate.mode` */
  readonly mode: 'strict' | 'loose';
  /** The task types there are. */
  readonly modules: readonly TaskModule[];
  /** Texts of external resources by the JSON pointer of what names them. */
  readonly resources: ReadonlyMap<string, string>;
  /** None inside of extensions. */
  readonly extensions: readonly Extension[];
  readonly functions: Map<string, FunctionEntry>;
}
