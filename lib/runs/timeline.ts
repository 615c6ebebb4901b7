/** The timeline as callers read it: numbered items, oldest first, beginning with the creation. */
import { bounded } from '../db/failure.ts';
import type { RunRow } from '../db/runs/row.ts';
import { readTimeline } from '../db/runs/timeline.ts';
import { toRfc3339 } from '../db/time.ts';
import type { Deps } from '../deps.ts';

export interface TimelineItem {
  /** 0 is the creation; consecutive. */
  id: number;
  type: string;
  at: string;
  [member: string]: unknown;
}

const TERMINAL_TYPES: ReadonlySet<string> = new Set(['run_succeeded', 'run_failed', 'run_cancelled']);

/** No item has this number: the largest that Postgres, adding one, still takes for an integer. */
const MAX_ID = 2 ** 31 - 2;

export const isLastItem = (item: TimelineItem): boolean => TERMINAL_TYPES.has(item.type);

/** Items with an id above `after` (-1 for all), at most `limit`. */
export async function timelineAfter(
  { sql, config }: Pick<Deps, 'sql' | 'config'>,
  run: Pick<RunRow, 'id' | 'org_id' | 'created_at'>,
  after: number,
  limit: number,
): Promise<TimelineItem[]> {
  const items: TimelineItem[] = [];
  if (after < 0) items.push({ id: 0, type: 'run_enqueued', at: toRfc3339(run.created_at) });
  const from = Math.min(Math.max(after, 0), MAX_ID);
  // Every row holds an entry at least, so as many rows as items are enough.
  const rows = await bounded(readTimeline(sql, run.org_id, run.id, from, limit), config.databaseTimeoutMs);
  for (const { first, entries } of rows) {
    entries.forEach((entry, index) => {
      const { type, at, ...members } = entry;
      const id = first + index;
      if (id > from) items.push({ id, type: String(type), at: String(at), ...members });
    });
  }
  return items.slice(0, limit);
}
