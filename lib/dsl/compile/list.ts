/** Compiles a task list, and through the task types every list inside. */
import { END, type CompiledList, type CompiledTask, type Target } from '../engine/compiled.ts';
import { compileDuration } from '../engine/duration.ts';
import { compileExpression, compileTemplate, compileTransform } from '../engine/expression.ts';
import { isJsonObject, member, type JsonObject } from '../engine/json.ts';
import type { Json } from '../jq/index.ts';
import type { CompileContext, TaskModule } from '../tasks/types.ts';

/** What surrounds a list. */
export interface ListScope {
  /** JSON pointer of the task it is in; empty at the root. */
  readonly pointer: string;
  /** The definition's `use`. */
  readonly use: Json;
  /** Names of the variables in sight. */
  readonly variables: readonly string[];
  /** The task types there are. */
  readonly modules: readonly TaskModule[];
}

/**
 * @param path where the list is in that task, for example `do` or `catch/do`
 * @throws {Error} when the definition is not valid
 */
export function compileList(nodes: Json, path: string, scope: ListScope): CompiledList {
  if (!Array.isArray(nodes)) throw new TypeError(`${scope.pointer}/${path} is not a task list`);
  const entries = nodes.map((entry, index) => namedTask(entry, `${scope.pointer}/${path}/${index}`));
  const names = entries.map(([name]) => name);
  let revisits = false;
  const tasks = entries.map(([name, node], index) => {
    const target = (directive: Json): Target => {
      const to = resolve(directive, names, index);
      if (to !== END && to <= index) revisits = true;
      return to;
    };
    return compileTask({ name, node, index, path, target }, scope);
  });
  return { tasks, revisits };
}

interface TaskEntry {
  name: string;
  node: JsonObject;
  index: number;
  path: string;
  target: (directive: Json) => Target;
}

function compileTask({ name, node, index, path, target }: TaskEntry, scope: ListScope): CompiledTask {
  const pointer = `${scope.pointer}/${path}/${index}/${escapePointer(name)}`;
  const module = scope.modules.find((candidate) => candidate.matches(node));
  if (module === undefined) throw new Error(`${pointer} is of no task type there is`);
  const transform = (value: Json | undefined) =>
    value === undefined ? null : compileTransform(value, scope.variables);
  return {
    name,
    kind: module.kind,
    pointer,
    keySegment: `/${path}/${index}/${encodeURIComponent(escapePointer(wellFormed(name)))}`,
    definition: node,
    condition: typeof node.if === 'string' ? compileExpression(node.if, scope.variables) : null,
    input: transform(member(node.input, 'from')),
    output: transform(member(node.output, 'as')),
    context: transform(member(node.export, 'as')),
    next: target(node.then ?? 'continue'),
    body: module.compile(node, contextOf(pointer, target, scope)),
  };
}

function contextOf(pointer: string, target: TaskEntry['target'], scope: ListScope): CompileContext {
  const inSight = (locals: readonly string[] = []) => [...new Set([...scope.variables, ...locals])];
  return {
    pointer,
    expression: (text, locals) => compileExpression(text, inSight(locals)),
    template: (value, locals) => compileTemplate(value, inSight(locals)),
    transform: (value, locals) => compileTransform(value, inSight(locals)),
    duration: (value, locals) => compileDuration(value, inSight(locals)),
    list: (nodes, path, locals) =>
      compileList(nodes, path, { ...scope, pointer, variables: inSight(locals) }),
    target,
    reusable(kind, name) {
      const value = member(member(scope.use, kind), name);
      if (value === undefined) throw new Error(`${pointer} names use.${kind}.${name}, which is not there`);
      return value;
    },
  };
}

function resolve(directive: Json, names: readonly string[], index: number): Target {
  if (directive === 'continue') return index + 1;
  if (directive === 'exit') return names.length;
  if (directive === 'end') return END;
  const target = names.findIndex((name) => name === directive);
  if (target === -1) throw new Error(`there is no task ${JSON.stringify(directive)} in this list to go to`);
  return target;
}

/** The one task of an entry of a list: `{ name: task }`. */
function namedTask(entry: Json, pointer: string): [name: string, node: JsonObject] {
  const [first, ...others] = isJsonObject(entry) ? Object.entries(entry) : [];
  if (first === undefined || others.length > 0 || !isJsonObject(first[1])) {
    throw new TypeError(`${pointer} is not an object of one task`);
  }
  return [first[0], first[1]];
}

/** RFC 6901, section 3. */
const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Without lone surrogates, which cannot be percent-encoded. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\uFFFD');
