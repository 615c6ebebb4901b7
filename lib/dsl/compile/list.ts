/** Compiles task lists, and through the task types every list inside. */
import { END, EXIT, type CompiledList, type CompiledTask, type Target } from '../../engine/compiled.ts';
import { compileDuration, type Duration } from '../../engine/duration.ts';
import {
  compileExpression,
  compileTemplate,
  compileTransform,
  RUNTIME_VARIABLES,
} from '../../engine/expression.ts';
import { isJsonObject, member, type JsonObject } from '../../engine/json.ts';
import type { Json } from '../../jq/index.ts';
import type { CompileContext } from '../../tasks/types.ts';
import { compileSchema } from './schema.ts';
import type { CompileScope, Extension } from './scope.ts';

/**
 * @param path where the list is in the task of the scope, for example `do` or `catch/do`
 * @throws {Error} when the definition is not valid
 */
export function compileList(nodes: Json, path: string, scope: CompileScope): CompiledList {
  const entries = entriesOf(nodes, path, scope);
  const names = entries.map(({ name }) => name);
  let revisits = false;
  const tasks = entries.map((entry, index) => {
    const target = (directive: Json): Target => {
      const to = resolve(directive, names, index);
      if (to >= 0 && to <= index) revisits = true;
      return to;
    };
    return compileTask({ ...entry, target }, scope);
  });
  return { tasks, revisits };
}

/** Each entry as a list of its own: the branches of a fork. */
function compileBranches(nodes: Json, path: string, scope: CompileScope): CompiledList[] {
  return entriesOf(nodes, path, scope).map((entry) => compileAlone(entry, scope));
}

/**
 * A function of `use.functions`: a task in a scope of its own. Compiled once, whoever calls it.
 * @returns gives its list of one task, once everything is compiled
 */
function compileFunction(name: string, scope: CompileScope): () => CompiledList {
  let entry = scope.functions.get(name);
  if (entry === undefined) {
    entry = { list: null };
    scope.functions.set(name, entry);
    const node = member(member(scope.use, 'functions'), name);
    if (!isJsonObject(node)) throw new Error(`there is no function ${JSON.stringify(name)} in use.functions`);
    const pointer = `/use/functions/${escapePointer(name)}`;
    const keySegment = `/use/functions/${keyText(name)}`;
    const own = { ...scope, pointer: '', variables: RUNTIME_VARIABLES };
    entry.list = compileAlone({ name, node, pointer, keySegment }, own);
  }
  const known = entry;
  return () => {
    if (known.list === null) throw new Error(`the function ${JSON.stringify(name)} is not compiled`);
    return known.list;
  };
}

interface TaskEntry {
  name: string;
  node: JsonObject;
  pointer: string;
  keySegment: string;
}

function compileAlone(entry: TaskEntry, scope: CompileScope): CompiledList {
  const target = (directive: Json): Target => resolve(directive, [], 0);
  return { tasks: [compileTask({ ...entry, target }, scope)], revisits: false };
}

function compileTask(
  entry: TaskEntry & { target: (directive: Json) => Target },
  scope: CompileScope,
): CompiledTask {
  const { name, node, pointer, keySegment, target } = entry;
  const module = scope.modules.find((candidate) => candidate.matches(node));
  if (module === undefined) throw new Error(`${pointer} is of no task type there is`);
  const transform = (value: Json | undefined) =>
    value === undefined ? null : compileTransform(value, scope.variables, scope.mode);
  const context = contextOf(pointer, target, scope);
  const schema = (of: 'input' | 'output' | 'export') =>
    context.schema(member(node[of], 'schema'), `${of}/schema`);
  return {
    name,
    kind: module.kind,
    pointer,
    keySegment,
    definition: node,
    condition: typeof node.if === 'string' ? compileExpression(node.if, scope.variables) : null,
    input: transform(member(node.input, 'from')),
    output: transform(member(node.output, 'as')),
    context: transform(member(node.export, 'as')),
    inputSchema: schema('input'),
    outputSchema: schema('output'),
    contextSchema: schema('export'),
    timeout: compileTimeout(node.timeout, scope),
    extensions: scope.extensions.filter((extension) => extendsKind(extension, module.kind)),
    next: target(node.then ?? 'continue'),
    body: module.compile(node, context),
  };
}

/** `timeout` of a task or of the workflow: `{ after }`, or the name of one in `use.timeouts`. */
export function compileTimeout(
  value: Json | undefined,
  { use, variables }: Pick<CompileScope, 'use' | 'variables'>,
): Duration | null {
  if (value === undefined) return null;
  const node = typeof value === 'string' ? member(member(use, 'timeouts'), value) : value;
  return compileDuration(member(node, 'after') ?? null, variables);
}

function contextOf(
  pointer: string,
  target: (directive: Json) => Target,
  scope: CompileScope,
): CompileContext {
  const inSight = (locals: readonly string[] = []) => [...new Set([...scope.variables, ...locals])];
  const inside = (locals?: readonly string[]) => ({ ...scope, pointer, variables: inSight(locals) });
  const resource = (path: string) => scope.resources.get(`${pointer}/${path}`) ?? null;
  return {
    pointer,
    variables: scope.variables,
    expression: (text, locals) => compileExpression(text, inSight(locals)),
    template: (value, locals) => compileTemplate(value, inSight(locals), scope.mode),
    transform: (value, locals) => compileTransform(value, inSight(locals), scope.mode),
    duration: (value, locals) => compileDuration(value, inSight(locals)),
    list: (nodes, path, locals) => compileList(nodes, path, inside(locals)),
    branches: (nodes, path) => compileBranches(nodes, path, inside()),
    callable: (name) => compileFunction(name, scope),
    target,
    reusable(kind, name) {
      const value = member(member(scope.use, kind), name);
      if (value === undefined) throw new Error(`${pointer} names use.${kind}.${name}, which is not there`);
      return value;
    },
    resource,
    schema: (node, path) => compileSchema(node, resource, path),
  };
}

function resolve(directive: Json, names: readonly string[], index: number): Target {
  if (directive === 'continue') return index + 1;
  if (directive === 'exit') return EXIT;
  if (directive === 'end') return END;
  const target = names.findIndex((name) => name === directive);
  if (target === -1) throw new Error(`there is no task ${JSON.stringify(directive)} in this list to go to`);
  return target;
}

/** Whether an extension's `extend` names a kind of task (dsl-notes: composite means `do` and `fork`). */
function extendsKind({ extend }: Extension, kind: string): boolean {
  if (extend === 'all') return true;
  if (extend === 'composite') return kind === 'do' || kind === 'fork';
  return extend === kind || kind.startsWith(`${extend}-`);
}

/** The entries of a list, `{ name: task }` each. */
function entriesOf(nodes: Json, path: string, { pointer }: CompileScope): TaskEntry[] {
  if (!Array.isArray(nodes)) throw new TypeError(`${pointer}/${path} is not a task list`);
  return nodes.map((entry, index) => {
    const [first, ...others] = isJsonObject(entry) ? Object.entries(entry) : [];
    if (first === undefined || others.length > 0 || !isJsonObject(first[1])) {
      throw new TypeError(`${pointer}/${path}/${index} is not an object of one task`);
    }
    const [name, node] = first;
    return {
      name,
      node,
      pointer: `${pointer}/${path}/${index}/${escapePointer(name)}`,
      keySegment: `/${path}/${index}/${keyText(name)}`,
    };
  });
}

/** RFC 6901, section 3. */
export const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** A name as a part of idempotency keys: a pointer's, percent-encoded, without lone surrogates. */
export const keyText = (name: string): string =>
  encodeURIComponent(escapePointer(name.replace(/\p{Surrogate}/gu, '\uFFFD')));
