/** Compiled filters of listeners, by their text: listeners of one definition mostly have the same. */
import type { ListenFilter } from '../../engine/types.ts';
import type { Limits } from '../../jq/index.ts';
import { compileListenFilter, type CompiledListenFilter } from './filter.ts';

/**
 * In characters of the filters' texts; what was not used for longest goes first. Compiled, a filter takes some seventy
 * bytes for each: 20 MB in all.
 */
const MAX_CACHED_LENGTH = 256 << 10;

export interface FilterCache {
  /** @param text JSON of a `ListenFilter`, written by this service */
  get(text: string): CompiledListenFilter;
}

/** @param limits of one event, in place of the usual ones */
export function createFilterCache(limits?: Partial<Limits>): FilterCache {
  const filters = new Map<string, CompiledListenFilter>();
  let length = 0;

  function compile(text: string): CompiledListenFilter {
    // Only this service writes such texts.
    const filter = compileListenFilter(JSON.parse(text) as ListenFilter, limits);
    length += text.length;
    for (const oldest of filters.keys()) {
      if (length <= MAX_CACHED_LENGTH) break;
      filters.delete(oldest);
      length -= oldest.length;
    }
    return filter;
  }

  return {
    get(text) {
      const known = filters.get(text);
      const filter = known ?? compile(text);
      if (known !== undefined) filters.delete(text);
      filters.set(text, filter);
      return filter;
    },
  };
}
