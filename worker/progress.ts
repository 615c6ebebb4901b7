/** Reading a progress tree from the database: an edge, so its format is checked. */
import type { Json, Progress } from '../lib/engine/types.ts';

/** The tree, or null when its format is not one this release reads. The rest was written by the interpreter itself. */
export function readProgress(value: Json): Progress | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  // The format number vouches for the shape: only this release's interpreter writes it.
  return value['format'] === 1 ? (value as unknown as Progress) : null;
}
