/** drizzle's query builder over the pool. Only bundles that import this file carry it. */
import { drizzle, type PgRemoteDatabase } from 'drizzle-orm/pg-proxy';
import type { Sql } from './client.ts';
import { bounded, type Database } from './failure.ts';

const known = new WeakMap<Sql, PgRemoteDatabase>();

/**
 * The query builder, made once per pool. Every statement is bounded by the database deadline. The proxy driver
 * is used because it leaves the pool's parsers alone and shows each query before it is sent.
 * Statements throw drizzle's `DrizzleQueryError` with the driver's error as `cause`.
 */
export function orm({ sql, config }: Database): PgRemoteDatabase {
  let database = known.get(sql);
  if (database === undefined) {
    database = drizzle(async (text, params, method) => {
      const query = sql.unsafe(text, params, { prepare: true });
      // "all" asks for rows as arrays of values in the order of the columns.
      const rows: unknown[] = await bounded(
        method === 'all' ? query.values() : query,
        config.databaseTimeoutMs,
      );
      return { rows };
    });
    known.set(sql, database);
  }
  return database;
}
