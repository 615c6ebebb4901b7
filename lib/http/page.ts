/** Lists: `?limit=1..200&cursor=…` → `{ items, nextCursor }`, newest first (contract, section 3). */
import type { Context } from 'hono';
import { ApiError, type ErrorItem } from '../errors.ts';
import { isUuid } from './uuid.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;
const MAX_VERSION = 2 ** 31 - 1;

/** What of a list is asked for. `before` is the key of the last item of the page before, null for the first page. */
export interface Page<Key> {
  limit: number;
  before: Key | null;
}

export interface PageOf<Item> {
  items: Item[];
  /** For `?cursor=`; null on the last page. */
  nextCursor: string | null;
}

/** For the OpenAPI document. */
export const PAGE_QUERY = {
  limit: `How many items at most, 1 to ${MAX_LIMIT}; ${DEFAULT_LIMIT} by default.`,
  cursor: 'The `nextCursor` of the page before.',
};

const encode = (key: string | number): string => Buffer.from(String(key)).toString('base64url');
const decode = (cursor: string): string => Buffer.from(cursor, 'base64url').toString();

/** The error for parameters of the query; `path` is `query/<name>`, since they are not in the body. */
const invalidQuery = (errors: ErrorItem[]): ApiError =>
  new ApiError('VALIDATION_FAILED', 'The query of the URL is not valid.', { errors });

function readLimit(text: string | undefined, errors: ErrorItem[]): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    errors.push({ path: 'query/limit', message: `must be a whole number from 1 to ${MAX_LIMIT}` });
  }
  return limit;
}

function readCursor<Key>(
  text: string | undefined,
  errors: ErrorItem[],
  read: (key: string) => Key | null,
): Key | null {
  if (text === undefined) return null;
  const key = read(decode(text));
  if (key === null)
    errors.push({ path: 'query/cursor', message: 'must be the nextCursor of an earlier answer' });
  return key;
}

/**
 * The page of a list that is ordered by a key of its own.
 * @param readKey reads what `keyOf` of `toPage` gave; null for what it never gives
 * @throws {ApiError} VALIDATION_FAILED with paths `query/limit` and `query/cursor`
 */
export function readPageBy<Key>(c: Context, readKey: (key: string) => Key | null): Page<Key> {
  const errors: ErrorItem[] = [];
  const limit = readLimit(c.req.query('limit'), errors);
  const before = readCursor(c.req.query('cursor'), errors, readKey);
  if (errors.length > 0) throw invalidQuery(errors);
  return { limit, before };
}

/**
 * The page of a list that is ordered by its UUIDv7 ids.
 * @throws {ApiError} VALIDATION_FAILED with paths `query/limit` and `query/cursor`
 */
export const readPage = (c: Context): Page<string> => readPageBy(c, (key) => (isUuid(key) ? key : null));

/** The number of a version, or null when the text is none (1 to 2^31 - 1, what Postgres calls an integer). */
export function toVersionNumber(text: string): number | null {
  return /^[1-9]\d{0,9}$/.test(text) && Number(text) <= MAX_VERSION ? Number(text) : null;
}

/**
 * The page of a list that is ordered by a number (a version's, an event's).
 * @throws {ApiError} VALIDATION_FAILED with paths `query/limit` and `query/cursor`
 */
export const readVersionPage = (c: Context): Page<number> =>
  readPageBy(c, (key) => (key === '0' ? 0 : toVersionNumber(key)));

/**
 * A parameter of the query that is `true` or `false`; absent means false.
 * @throws {ApiError} VALIDATION_FAILED with the path `query/<name>`
 */
export function readFlag(c: Context, name: string): boolean {
  const text = c.req.query(name) ?? 'false';
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalidQuery([{ path: `query/${name}`, message: 'must be true or false' }]);
}

/**
 * The answer of a list.
 * @param rows as found with a limit of `page.limit + 1`: the one too many tells that there is a next page
 * @param keyOf the key the rows are ordered by
 */
export function toPage<Row>(
  rows: readonly Row[],
  page: Page<unknown>,
  keyOf: (row: Row) => string | number,
): PageOf<Row> {
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > page.limit && last !== undefined ? encode(keyOf(last)) : null };
}
