/** Compiled definitions by version: a version is frozen, so an entry never goes stale. */
import type { Config } from '../lib/config.ts';
import type { Sql } from '../lib/db/client.ts';
import { bounded } from '../lib/db/failure.ts';
import { findDefinition } from '../lib/db/runs/claim.ts';
import { compileWorkflow } from '../lib/dsl/compile.ts';
import type { CompiledWorkflow } from '../lib/engine/compiled.ts';

const MAX_ENTRIES = 1000;

export interface DefinitionCache {
  /** @throws when the version is not in the database or does not compile (both are bugs: it was published) */
  get(orgId: string, workflowId: string, version: number): Promise<CompiledWorkflow>;
}

export function createDefinitionCache(sql: Sql, config: Config): DefinitionCache {
  const cache = new Map<string, Promise<CompiledWorkflow>>();

  async function load(orgId: string, workflowId: string, version: number): Promise<CompiledWorkflow> {
    const [row] = await bounded(findDefinition(sql, orgId, workflowId, version), config.databaseTimeoutMs);
    if (row === undefined)
      throw new Error(`version ${version} of workflow ${workflowId} is not in the database`);
    return compileWorkflow(row.definition);
  }

  return {
    get(orgId, workflowId, version) {
      const key = `${orgId}/${workflowId}/${version}`;
      const known = cache.get(key);
      if (known !== undefined) {
        // Moved to the end: the first entry is the one not used for longest.
        cache.delete(key);
        cache.set(key, known);
        return known;
      }
      const loading = load(orgId, workflowId, version);
      cache.set(key, loading);
      loading.catch(() => cache.delete(key));
      const oldest = cache.keys().next().value;
      if (cache.size > MAX_ENTRIES && oldest !== undefined) cache.delete(oldest);
      return loading;
    },
  };
}
