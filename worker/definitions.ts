/** Compiled definitions by version: a version is frozen, so an entry never goes stale. */
import type { Config } from '../lib/config.ts';
import type { Sql } from '../lib/db/client.ts';
import { bounded } from '../lib/db/failure.ts';
import { findDefinition } from '../lib/db/runs/claim.ts';
import { compileWorkflow } from '../lib/dsl/compile.ts';
import { TASK_MODULES } from '../lib/tasks/index.ts';
import type { CompiledWorkflow } from '../lib/engine/compiled.ts';

/**
 * What is kept, by the length of the source texts: compiled, a definition made of nothing but expressions takes
 * up to three hundred times its text, an ordinary one a tenth of that.
 */
const MAX_SOURCE_LENGTH = 512 * 1024;

export interface DefinitionCache {
  /** @throws when the version is not in the database or does not compile (both are bugs: it was published) */
  get(orgId: string, workflowId: string, version: number): Promise<CompiledWorkflow>;
}

interface Entry {
  workflow: Promise<CompiledWorkflow>;
  /** 0 while it is being loaded. */
  sourceLength: number;
}

class Cache implements DefinitionCache {
  readonly #sql: Sql;
  readonly #config: Config;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>();
  #totalLength = 0;

  constructor(sql: Sql, config: Config) {
    this.#sql = sql;
    this.#config = config;
  }

  get(orgId: string, workflowId: string, version: number): Promise<CompiledWorkflow> {
    const key = `${orgId}/${workflowId}/${version}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.workflow;
    }
    const entry: Entry = { workflow: this.#load(orgId, workflowId, version, key), sourceLength: 0 };
    this.#entries.set(key, entry);
    entry.workflow.catch(() => this.#drop(key));
    return entry.workflow;
  }

  async #load(orgId: string, workflowId: string, version: number, key: string): Promise<CompiledWorkflow> {
    const query = findDefinition(this.#sql, orgId, workflowId, version);
    const [row] = await bounded(query, this.#config.databaseTimeoutMs);
    if (row === undefined)
      throw new Error(`version ${version} of workflow ${workflowId} is not in the database`);
    const texts = Object.entries(row.resources ?? {}).map(([at, { text }]) => [at, text] as const);
    const workflow = compileWorkflow(row.definition, TASK_MODULES, new Map(texts));
    this.#count(
      key,
      texts.reduce((length, [, text]) => length + text.length, row.source_length),
    );
    return workflow;
  }

  /** The newest stays, whatever its length. */
  #count(key: string, sourceLength: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.sourceLength = sourceLength;
    this.#totalLength += sourceLength;
    for (const oldest of this.#entries.keys()) {
      if (this.#totalLength <= MAX_SOURCE_LENGTH || oldest === key) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#totalLength -= this.#entries.get(key)?.sourceLength ?? 0;
    this.#entries.delete(key);
  }
}

export const createDefinitionCache = (sql: Sql, config: Config): DefinitionCache => new Cache(sql, config);
