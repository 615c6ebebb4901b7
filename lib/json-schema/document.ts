/** The schemas of one document: found by their places, named by `$id` and anchors, reached by references. */
import type { Json } from '../jq/index.ts';
import { isObject, member, type JsonObject } from '../jq/json.ts';
import { findDialect, shapeOf, SUPPORTED_DIALECTS, type Dialect, type Shape } from './dialect.ts';
import { newNode, type Resource, type SchemaNode } from './node.ts';
import { compilePattern, type CompiledPattern } from './pattern.ts';
import { pointerStep, quote } from './problem.ts';
import { DEFAULT_BASE, pointerSteps, resolveUri } from './uri.ts';

/** What is wrong with a schema; `path` is a JSON pointer into it. */
export interface CompileProblem {
  path: string;
  message: string;
}

/** Instructions of all patterns of a document: they bound the time it takes to compile them. */
const MAX_PATTERN_COST = 25_000;

interface Visit {
  readonly schema: Json | undefined;
  readonly pointer: string;
  readonly parent: Resource | null;
}

const NO_SCHEMA = 'must be a schema: an object or a boolean';

/** Before draft 2019-09 nothing beside `$ref` counts. */
export const hidesSiblings = (source: JsonObject, { version }: Dialect): boolean =>
  version <= 7 && Object.hasOwn(source, '$ref');

export class SchemaDocument {
  readonly problems: CompileProblem[] = [];
  readonly resources = new Map<string, Resource>();
  /** Schemas whose keywords are still to be compiled. */
  readonly pending: SchemaNode[] = [];
  private readonly patterns = new Map<string, CompiledPattern>();
  private patternCost = 0;
  private readonly nodes = new Map<JsonObject, SchemaNode>();
  readonly root: SchemaNode;
  private readonly defaultDialect: Dialect;

  constructor(schema: Json, dialect: Dialect) {
    this.defaultDialect = dialect;
    const source = isObject(schema) ? schema : {};
    const resource = this.newResource(source, '', null);
    this.visit({ schema, pointer: '', parent: null }, resource);
    this.root = this.nodeOf(schema, '', resource);
  }

  problem(path: string, message: string): null {
    this.problems.push({ path, message });
    return null;
  }

  /** Compiles a pattern, each once. */
  pattern(source: string): CompiledPattern {
    const known = this.patterns.get(source);
    if (known !== undefined) return known;
    let compiled: CompiledPattern = {
      ok: false,
      message: 'the patterns of the schema are too large together',
    };
    if (this.patternCost <= MAX_PATTERN_COST) compiled = compilePattern(source);
    if (compiled.ok) this.patternCost += compiled.cost;
    this.patterns.set(source, compiled);
    return compiled;
  }

  /** The node of a schema that was found; `true` in place of what is no schema, which is reported already. */
  nodeOf(schema: Json | undefined, pointer: string, resource: Resource): SchemaNode {
    const known = schema !== undefined && isObject(schema) ? this.nodes.get(schema) : undefined;
    if (known !== undefined) return known;
    const node = newNode(resource, pointer, null);
    if (schema === false) node.first.push((_value, run) => run.report(() => 'is not allowed'));
    return node;
  }

  /**
   * The schema that a reference names.
   * @returns the node, or what is wrong with the reference
   */
  resolve(reference: string, from: Resource): SchemaNode | string {
    const uri = resolveUri(reference, from.base);
    if (uri === null) return `${quote(reference)} is no URI reference`;
    const resource = this.resources.get(uri.base);
    if (resource === undefined) {
      return 'the reference leads to another document, and none is fetched: copy it under `$defs` and name its place, such as `#/$defs/address`';
    }
    if (uri.fragment === '') return this.nodeOf(resource.root, resource.pointer, resource);
    if (!uri.fragment.startsWith('/')) {
      return resource.anchors.get(uri.fragment) ?? `there is no anchor ${quote(uri.fragment)}`;
    }
    return this.follow(uri.fragment, resource) ?? `${quote(reference)} leads nowhere`;
  }

  /** Walks a JSON pointer; a schema in a place where none was looked for is taken up now. */
  private follow(fragment: string, start: Resource): SchemaNode | null {
    let value = start.root;
    let { pointer } = start;
    let resource = start;
    for (const step of pointerSteps(fragment)) {
      let next: Json | undefined;
      if (Array.isArray(value)) next = /^(0|[1-9]\d*)$/.test(step) ? value[Number(step)] : undefined;
      else if (isObject(value)) next = member(value, step);
      if (next === undefined) return null;
      value = next;
      pointer += pointerStep(step);
      resource = (isObject(value) ? this.nodes.get(value)?.resource : undefined) ?? resource;
    }
    if (typeof value !== 'boolean' && !isObject(value)) return null;
    this.visit({ schema: value, pointer, parent: resource });
    return this.nodeOf(value, pointer, resource);
  }

  /** Finds all schemas from one on. */
  private visit(first: Visit, rootResource?: Resource): void {
    const queue = [first];
    for (let at = 0; at < queue.length; at++) {
      const { schema, pointer, parent } = queue[at] ?? first;
      if (typeof schema === 'boolean') continue;
      if (schema === undefined || !isObject(schema)) {
        this.problem(pointer, NO_SCHEMA);
        continue;
      }
      if (this.nodes.has(schema)) continue;
      const resource = parent === null ? rootResource : this.resourceFor(schema, pointer, parent);
      if (resource === undefined) continue;
      const node = newNode(resource, pointer, schema);
      this.nodes.set(schema, node);
      this.pending.push(node);
      this.nameAnchors(node, schema);
      for (const [keyword, value] of Object.entries(schema)) {
        const shape = shapeOf(keyword, resource.dialect);
        if (shape !== null) this.enqueue(queue, value, shape, `${pointer}/${keyword}`, resource);
      }
    }
  }

  private enqueue(queue: Visit[], value: Json, shape: Shape, pointer: string, parent: Resource): void {
    if (shape === 'schema' || (shape === 'schemaOrList' && !Array.isArray(value))) {
      queue.push({ schema: value, pointer, parent });
    } else if (shape === 'list' || shape === 'schemaOrList') {
      if (!Array.isArray(value) || (value.length === 0 && shape === 'list')) {
        this.problem(pointer, 'must be a list of schemas with at least one entry');
        return;
      }
      value.forEach((item, index) => queue.push({ schema: item, pointer: `${pointer}/${index}`, parent }));
    } else if (!isObject(value)) this.problem(pointer, 'must be an object of schemas');
    else {
      for (const [name, part] of Object.entries(value)) {
        if (shape === 'dependencies' && Array.isArray(part)) continue;
        queue.push({ schema: part, pointer: pointer + pointerStep(name), parent });
      }
    }
  }

  /** The resource a schema belongs to: its own when it has an `$id`. */
  private resourceFor(schema: JsonObject, pointer: string, parent: Resource): Resource {
    const id = member(schema, '$id');
    if (id === undefined || hidesSiblings(schema, parent.dialect)) return parent;
    if (typeof id === 'string' && id.startsWith('#') && parent.dialect.version <= 7) return parent;
    return this.newResource(schema, pointer, parent);
  }

  private newResource(schema: JsonObject, pointer: string, parent: Resource | null): Resource {
    const named = member(schema, '$schema');
    const dialect = named === undefined ? (parent?.dialect ?? this.defaultDialect) : findDialect(named);
    if (dialect === null) {
      this.problem(`${pointer}/$schema`, `is not supported; supported are ${SUPPORTED_DIALECTS}`);
    }
    const base = this.baseOf(schema, pointer, parent, dialect ?? this.defaultDialect);
    if (this.resources.has(base)) this.problem(`${pointer}/$id`, 'is the `$id` of another schema too');
    const resource: Resource = {
      base,
      root: schema,
      pointer,
      dialect: dialect ?? this.defaultDialect,
      anchors: new Map(),
      dynamicAnchors: new Map(),
    };
    this.resources.set(base, resource);
    return resource;
  }

  private baseOf(schema: JsonObject, pointer: string, parent: Resource | null, dialect: Dialect): string {
    const outer = parent?.base ?? DEFAULT_BASE;
    const id = member(schema, '$id');
    if (id === undefined || hidesSiblings(schema, dialect)) return outer;
    const uri = typeof id === 'string' ? resolveUri(id, outer) : null;
    if (uri !== null && (uri.fragment === '' || dialect.version <= 7)) return uri.base;
    this.problem(`${pointer}/$id`, 'must be a URI reference without a fragment, of at most 2000 characters');
    return `${outer}#${pointer}`;
  }

  private nameAnchors(node: SchemaNode, schema: JsonObject): void {
    const { resource, pointer } = node;
    const { version } = resource.dialect;
    const name = (keyword: string, anchor: Json | undefined, dynamic: boolean): void => {
      if (anchor === undefined) return;
      if (typeof anchor !== 'string' || !/^[A-Za-z_][-\w.]*$/.test(anchor)) {
        this.problem(`${pointer}/${keyword}`, 'must be a name of letters, digits, `-`, `_` and `.`');
        return;
      }
      if (resource.anchors.has(anchor)) {
        this.problem(`${pointer}/${keyword}`, `${quote(anchor)} is the anchor of another schema too`);
      }
      resource.anchors.set(anchor, node);
      if (dynamic) resource.dynamicAnchors.set(anchor, node);
    };
    if (version >= 2019) name('$anchor', member(schema, '$anchor'), false);
    if (version >= 2020) name('$dynamicAnchor', member(schema, '$dynamicAnchor'), true);
    // 2019-09 knows one dynamic anchor a resource, its root, and it has no name.
    if (version === 2019 && member(schema, '$recursiveAnchor') === true)
      resource.dynamicAnchors.set('', node);
    const id = member(schema, '$id');
    if (version > 7 || typeof id !== 'string' || hidesSiblings(schema, resource.dialect)) return;
    const hash = id.indexOf('#');
    if (hash !== -1 && hash < id.length - 1) name('$id', id.slice(hash + 1), false);
  }
}
