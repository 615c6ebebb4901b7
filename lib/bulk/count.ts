/** How many runs a filter matches, counted in short statements. */
import { countPage, type CountedPage } from '../db/bulk/pages.ts';
import { bounded, type Database } from '../db/failure.ts';
import type { RunFilter } from '../db/runs/filter.ts';
import { ApiError } from '../errors.ts';

/** Runs that one statement looks at. */
const LOOKED_ROWS = 20_000;
/** A count that reaches it stands for that many or more. */
const MAX_COUNT = 1_000_000;
const MAX_COUNT_MS = 10_000;

/**
 * @returns how many runs match, 1,000,000 for that many and more
 * @throws {ApiError} VALIDATION_FAILED when that cannot be known within 10 s
 */
export async function countRuns({ sql, config }: Database, filter: RunFilter): Promise<number> {
  const deadline = performance.now() + MAX_COUNT_MS;
  let count = 0;
  let before: string | null = null;
  while (count < MAX_COUNT) {
    if (performance.now() > deadline) throw tooMany();
    const query = countPage(sql, filter, before, LOOKED_ROWS);
    const rows: CountedPage[] = await bounded(query, config.databaseTimeoutMs);
    const page = rows[0];
    if (page === undefined || page.last === null) return count;
    count += page.matched;
    before = page.last;
  }
  return MAX_COUNT;
}

function tooMany(): ApiError {
  const message = `takes more than ${MAX_COUNT_MS / 1000} seconds to count: narrow it down, for example by workflowId`;
  return new ApiError('VALIDATION_FAILED', 'The runs of the filter cannot be counted.', {
    errors: [{ path: '/filter', message }],
  });
}
