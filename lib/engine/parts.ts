/**
 * A progress tree as it is stored. In format 2 it is one small text, the root, and parts beside it: one a branch of a
 * fork, and one a large value. What has not changed is not written again, so that a checkpoint costs what has happened
 * since the last one and not what the run has gathered.
 *
 * 1. Values of the run stand in the tree under `VALUE_KEYS` only. They are replaced, never changed in place: a value is
 *    known by its identity.
 * 2. The branches of a fork stand under `branches`. One is written when it was reported as changed.
 * 3. Everything else is structure: as small as the definition is, and written each time.
 * 4. A part is dropped when nothing refers to it any more.
 *
 * Reading is in read-tree.ts.
 */
import { isJsonObject } from './json.ts';
import { jsonSizeAtMost } from '../jq/index.ts';
import type { Json, Progress } from './types.ts';

export const VALUE_KEYS: ReadonlySet<string> = new Set([
  'context',
  'correlations',
  'caught',
  'data',
  'events',
  'in',
  'input',
  'value',
]);
export const BRANCHES = 'branches';
/** In the stored tree a key with this at its end refers to parts. No key of the structure ends so. */
export const REFERENCE = '@';
/** A value of more bytes than this is a part of its own. */
const LARGE_BYTES = 4096;
export const ROOT = 0;
export const NEWEST_TREE_FORMAT = 2;

export interface Part {
  id: number;
  /** JSON */
  text: string;
}

/** What one write changes. */
export interface WrittenTree {
  format: number;
  /** Stands in the root, one more than in the root that it replaces; the first is 1. */
  revision: number;
  rootText: string;
  written: Part[];
  /** Ids of parts that are no longer needed. */
  dropped: number[];
}

/** What a piece of structure (the root or a branch) refers to. */
export interface References {
  values: Set<number>;
  /** The first part of each fork's branches, and how many follow. */
  forks: Map<number, number>;
}

/** The state is larger than it may be. */
class TooLarge extends Error {}

/** Writes one tree, time and again, as it changes. */
export class TreeWriter {
  readonly #progress: Progress;
  readonly #maxBytes: number;
  /** Parts of values and of branches, by identity. */
  readonly #ids = new WeakMap<object, number>();
  readonly #textIds = new Map<string, number>();
  readonly #texts = new Map<number, string>();
  /** First parts of the branches of forks, by the identity of the array. */
  readonly #forks = new WeakMap<object, number>();
  readonly #structures = new Map<number, References>();
  /** How many pieces of structure refer to a value. */
  readonly #uses = new Map<number, number>();
  readonly #bytes = new Map<number, number>();
  #totalBytes = 0;
  #next = 1;
  #revision: number;
  readonly #changed = new Set<object>();
  /** Branches that were never written. */
  #fresh: { id: number; branch: object }[] = [];
  #written: Part[] = [];
  #dropped: number[] = [];

  /**
   * @param maxBytes of the whole tree, in UTF-8 (MAX_RUN_STATE_BYTES)
   * @param revision of the tree that is stored; 0 for none
   */
  constructor(progress: Progress, maxBytes: number, revision = 0) {
    this.#progress = progress;
    this.#maxBytes = maxBytes;
    this.#revision = revision;
  }

  /** A branch has changed since the last write. */
  changed(branch: object): void {
    this.#changed.add(branch);
  }

  /**
   * What is to be written now.
   * @param format 1: the whole tree as one text
   * @returns null when the tree is larger than it may be, or nested too deeply
   */
  write(format: number): WrittenTree | null {
    this.#written = [];
    this.#dropped = [];
    this.#revision += 1;
    try {
      const rootText = format === 1 ? this.#whole() : this.#parts();
      if (this.#totalBytes > this.#maxBytes) return null;
      const dropped = new Set(this.#dropped);
      const written = this.#written.filter(({ id }) => !dropped.has(id));
      return { format, revision: this.#revision, rootText, written, dropped: [...dropped] };
    } catch (error) {
      if (error instanceof TooLarge) return null;
      throw error;
    }
  }

  #whole(): string {
    for (const id of this.#bytes.keys()) if (id !== ROOT) this.#drop(id);
    this.#structures.clear();
    this.#uses.clear();
    this.#changed.clear();
    this.#measure(ROOT, asJson(this.#progress));
    return JSON.stringify({ format: 1, revision: this.#revision, ...this.#progress });
  }

  #parts(): string {
    const root = this.#structure(ROOT, this.#progress);
    while (this.#fresh.length > 0 || this.#changed.size > 0) {
      const changed = [...this.#changed].flatMap((branch) => {
        const id = this.#ids.get(branch);
        return id === undefined ? [] : [{ id, branch }];
      });
      const due = new Map([...changed, ...this.#fresh].map(({ id, branch }) => [id, branch]));
      this.#changed.clear();
      this.#fresh = [];
      // Outer branches first: what they no longer have is not written.
      for (const [id, branch] of [...due].sort(([left], [right]) => left - right)) {
        if (!this.#structures.has(id)) continue;
        this.#written.push({ id, text: JSON.stringify(this.#structure(id, branch)) });
      }
    }
    for (const [id, uses] of this.#uses) if (uses === 0) this.#dropValue(id);
    return JSON.stringify({ format: 2, revision: this.#revision, next: this.#next, ...root });
  }

  /** One piece of structure, and what it refers to now instead of what it referred to before. */
  #structure(id: number, node: object): { [key: string]: Json } {
    const before = this.#structures.get(id);
    const references: References = { values: new Set(), forks: new Map() };
    this.#structures.set(id, references);
    const encoded = this.#encode(node, references);
    for (const value of references.values) this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1);
    if (before !== undefined) this.#release(before, references);
    this.#measure(id, encoded);
    return encoded;
  }

  #encode(node: object, references: References): { [key: string]: Json } {
    const encoded: { [key: string]: Json } = {};
    for (const [key, value] of Object.entries(node) as [string, Json | undefined][]) {
      if (value === undefined) continue;
      if (VALUE_KEYS.has(key)) {
        const id = this.#value(value);
        if (id === null) encoded[key] = value;
        else {
          references.values.add(id);
          encoded[key + REFERENCE] = id;
        }
      } else if (key === BRANCHES && Array.isArray(value)) {
        const first = this.#fork(value);
        references.forks.set(first, value.length);
        encoded[key + REFERENCE] = [first, value.length];
      } else encoded[key] = isJsonObject(value) ? this.#encode(value, references) : value;
    }
    return encoded;
  }

  /** The part of a large value; null for one that stays where it is. */
  #value(value: Json): number | null {
    if (typeof value !== 'object' && typeof value !== 'string') return null;
    const known = this.#known(value);
    if (known !== undefined && this.#bytes.has(known)) return known;
    if (jsonSizeAtMost(value, LARGE_BYTES) <= LARGE_BYTES || value === null) return null;
    const id = this.#next++;
    this.#remember(id, value);
    this.#measure(id, value);
    this.#uses.set(id, 0);
    this.#written.push({ id, text: JSON.stringify(value) });
    return id;
  }

  #known(value: object | string | null): number | undefined {
    if (value === null) return undefined;
    return typeof value === 'string' ? this.#textIds.get(value) : this.#ids.get(value);
  }

  #remember(id: number, value: object | string): void {
    if (typeof value !== 'string') this.#ids.set(value, id);
    else {
      this.#textIds.set(value, id);
      this.#texts.set(id, value);
    }
  }

  /** The first part of the branches, which are all to be written when they are met for the first time. */
  #fork(branches: Json[]): number {
    const known = this.#forks.get(branches);
    if (known !== undefined && this.#structures.has(known)) return known;
    const first = this.#next;
    this.#next += branches.length;
    this.#forks.set(branches, first);
    // Each is a branch's node: the interpreter alone writes `branches`, and never anything else into it.
    for (const [index, branch] of (branches as unknown as object[]).entries()) {
      this.#ids.set(branch, first + index);
      this.#structures.set(first + index, { values: new Set(), forks: new Map() });
      this.#fresh.push({ id: first + index, branch });
    }
    return first;
  }

  #release(before: References, now: References | null): void {
    for (const value of before.values) this.#uses.set(value, (this.#uses.get(value) ?? 1) - 1);
    for (const [first, count] of before.forks) {
      if (now?.forks.has(first) === true) continue;
      for (let id = first; id < first + count; id += 1) {
        const branch = this.#structures.get(id);
        this.#structures.delete(id);
        if (branch !== undefined) this.#release(branch, null);
        this.#drop(id);
      }
    }
  }

  #dropValue(id: number): void {
    this.#uses.delete(id);
    this.#drop(id);
  }

  #drop(id: number): void {
    const text = this.#texts.get(id);
    if (text !== undefined) {
      this.#texts.delete(id);
      this.#textIds.delete(text);
    }
    this.#totalBytes -= this.#bytes.get(id) ?? 0;
    if (this.#bytes.delete(id)) this.#dropped.push(id);
  }

  #measure(id: number, value: Json): void {
    const bytes = jsonSizeAtMost(value, this.#maxBytes);
    if (bytes > this.#maxBytes) throw new TooLarge();
    this.#count(id, bytes);
  }

  #count(id: number, bytes: number): void {
    this.#totalBytes += bytes - (this.#bytes.get(id) ?? 0);
    this.#bytes.set(id, bytes);
  }

  /** Takes a value that was read from its part for written. */
  adopt(id: number, value: Json): void {
    if (typeof value === 'string' || (typeof value === 'object' && value !== null)) this.#remember(id, value);
    this.#count(id, jsonSizeAtMost(value, this.#maxBytes));
  }

  /** Takes a branch that was read for written. */
  adoptBranch(id: number, branch: object, stored: Json): void {
    this.#ids.set(branch, id);
    this.#count(id, jsonSizeAtMost(stored, this.#maxBytes));
  }

  /** Takes what a piece of structure that was read refers to for known. */
  adoptStructure(id: number, references: References, next: number): void {
    this.#structures.set(id, references);
    this.#next = Math.max(this.#next, next);
    for (const value of references.values) this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1);
  }

  adoptFork(first: number, branches: object): void {
    this.#forks.set(branches, first);
  }
}

/** A tree is JSON; its interfaces have no index signature to say so. */
const asJson = (progress: Progress): Json => progress as unknown as Json;
