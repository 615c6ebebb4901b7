/** What the worker's statements about many runs have in common. */
import { isDatabaseUnavailable } from '../lib/db/failure.ts';

/** Runs of one statement. */
export const MAX_STATEMENT_ROWS = 100;
/** Text that one statement brings, in UTF-16 units. */
export const MAX_STATEMENT_LENGTH = 1 << 20;
/** Statements of a kind that are under way at a time: while one waits for the disk, the next one computes. */
export const MAX_IN_FLIGHT = 2;

/** Compares ids for the order in which rows are locked everywhere: the end of a run locks its parent, which is older. */
export const newestFirst = (left: string, right: string): number =>
  left < right ? 1 : left > right ? -1 : 0;

/**
 * Whether the server has refused the statement, so that nothing of it has happened: because of one of its runs (which has
 * bad data, or a row that somebody else keeps locked), so that the others are better tried without it.
 */
export const wasRefused = (error: unknown): boolean =>
  // The cast: what is unavailable is an error of the driver, which has a severity when the server has sent it.
  !isDatabaseUnavailable(error) || (error as { severity?: unknown }).severity === 'ERROR';
