/** The progress tree at its beginnings. */
import type { CompiledList } from './compiled.ts';
import type { Json, ListProgress, Progress } from './types.ts';

/** The tree of a run that has not begun. */
export function newProgress(): Progress {
  return { context: null, steps: 0, root: null };
}

/** The position of a list that has not begun. */
export function newList(list: CompiledList, data: Json): ListProgress {
  return list.revisits ? { at: 0, data, visits: { 0: 1 } } : { at: 0, data };
}
