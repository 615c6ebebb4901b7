/** Reads a stored progress tree (parts.ts): an edge, so its format is looked at. */
import {
  NEWEST_TREE_FORMAT,
  BRANCHES,
  REFERENCE,
  ROOT,
  TreeWriter,
  VALUE_KEYS,
  type References,
} from './parts.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { Json, Progress } from './types.ts';

export interface ReadTree {
  progress: Progress;
  /** Writes only what changes from here on. */
  writer: TreeWriter;
}

/** The format of a stored tree; null for what is none. */
export function treeFormat(root: Json): number | null {
  const format = isJsonObject(root) ? root['format'] : undefined;
  return typeof format === 'number' ? format : null;
}

/** Whether a stored tree has parts beside it. */
export const hasParts = (root: Json): boolean => isJsonObject(root) && Number(root['next'] ?? 1) > 1;

/**
 * @param root what the run's row holds
 * @param parts bodies of the parts, by their ids
 * @param maxBytes of the whole tree (MAX_RUN_STATE_BYTES)
 * @returns null when the format is not known or a part is missing
 */
export function readTree(root: Json, parts: ReadonlyMap<number, Json>, maxBytes: number): ReadTree | null {
  const format = treeFormat(root);
  if (!isJsonObject(root) || format === null || format > NEWEST_TREE_FORMAT) return null;
  const { format: _format, revision: stored, next, ...tree } = root;
  // Trees of releases before have none.
  const revision = Number(stored ?? 0);
  // The format number vouches for the shape: only the interpreter writes it.
  if (format === 1) {
    const progress = tree as unknown as Progress;
    return { progress, writer: new TreeWriter(progress, maxBytes, revision) };
  }
  const reader = new Reader(parts);
  const { node, references } = reader.structure(tree);
  if (reader.missing) return null;
  // As above.
  const progress = node as unknown as Progress;
  const writer = new TreeWriter(progress, maxBytes, revision);
  reader.seed(writer, references, Number(next));
  return { progress, writer };
}

class Reader {
  /** A part that something refers to is not there. */
  missing = false;
  readonly #parts: ReadonlyMap<number, Json>;
  readonly #values = new Map<number, Json>();
  readonly #branches = new Map<number, { stored: Json; node: JsonObject; references: References }>();
  readonly #forks = new Map<number, Json[]>();

  constructor(parts: ReadonlyMap<number, Json>) {
    this.#parts = parts;
  }

  structure(stored: JsonObject): { node: JsonObject; references: References } {
    const references: References = { values: new Set(), forks: new Map() };
    return { node: this.#decode(stored, references), references };
  }

  #decode(stored: JsonObject, references: References): JsonObject {
    const node: JsonObject = {};
    for (const [key, value] of Object.entries(stored)) {
      const name = key.endsWith(REFERENCE) ? key.slice(0, -REFERENCE.length) : null;
      if (name === BRANCHES) node[name] = this.#fork(value, references);
      else if (name !== null) node[name] = this.#value(Number(value), references);
      else node[key] = isJsonObject(value) && !VALUE_KEYS.has(key) ? this.#decode(value, references) : value;
    }
    return node;
  }

  #value(id: number, references: References): Json {
    references.values.add(id);
    const value = this.#parts.get(id);
    if (value === undefined) this.missing = true;
    else this.#values.set(id, value);
    return value ?? null;
  }

  #fork(range: Json, references: References): Json[] {
    const [first, count] = Array.isArray(range) ? range.map(Number) : [];
    const branches: Json[] = [];
    if (first === undefined || count === undefined) {
      this.missing = true;
      return branches;
    }
    references.forks.set(first, count);
    this.#forks.set(first, branches);
    for (let id = first; id < first + count; id += 1) {
      const stored = this.#parts.get(id);
      if (!isJsonObject(stored)) {
        this.missing = true;
        continue;
      }
      const branch = this.structure(stored);
      this.#branches.set(id, { stored, ...branch });
      branches.push(branch.node);
    }
    return branches;
  }

  /** Tells the writer what is stored already. */
  seed(writer: TreeWriter, root: References, next: number): void {
    for (const [id, value] of this.#values) writer.adopt(id, value);
    writer.adoptStructure(ROOT, root, next);
    for (const [id, { stored, node, references }] of this.#branches) {
      writer.adoptBranch(id, node, stored);
      writer.adoptStructure(id, references, next);
    }
    for (const [first, branches] of this.#forks) writer.adoptFork(first, branches);
  }
}
