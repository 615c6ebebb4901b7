/** Postgres being down, slow or shutting down: how it is recognised, and the bound on waiting for it. */
import type { Config } from '../config.ts';
import type { Sql } from './client.ts';

/** What queries need of the dependencies. */
export interface Database {
  sql: Sql;
  config: Pick<Config, 'databaseTimeoutMs'>;
}

/** Time a query has beyond its statement timeout to get a connection and its answer, ms. */
const WAIT_MARGIN_MS = 500;

/** No answer within the deadline. */
export class DatabaseTimeout extends Error {
  /** false: no connection had taken the query and none will, so it has had and will have no effect. */
  readonly sent: boolean;
  constructor(sent: boolean) {
    super(sent ? 'Postgres did not answer in time' : 'no connection to Postgres was free in time');
    this.name = 'DatabaseTimeout';
    this.sent = sent;
  }
}

/** Codes of postgres.js, of the pool's own watch (client.ts) and of node's sockets. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'CONNECT_TIMEOUT',
  'ANSWER_TIMEOUT',
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * SQLSTATEs (PostgreSQL manual, appendix A) that say that the server could not do it now: connection (08),
 * login refused (28), no such database, rolled back for concurrency (40), resources (53), cancelled or
 * shutting down (57), input or output of the system (58), a read-only standby.
 */
const SQL_STATES = /^(?:(?:08|28|40|53|57|58)[0-9A-Z]{3}|3D000|25006)$/;

/** How deep to look into `cause` (the query builder wraps what the driver throws). */
const MAX_CAUSES = 5;

/** true when the error means that Postgres cannot serve now and the request may be repeated later. */
export function isDatabaseUnavailable(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth++) {
    if (current instanceof DatabaseTimeout) return true;
    const { code, severity } = current as { code?: unknown; severity?: unknown };
    // The server ended the connection, or did not let it begin.
    if (severity === 'FATAL' || severity === 'PANIC') return true;
    if (typeof code === 'string') {
      if (CONNECTION_CODES.has(code) || SQL_STATES.test(code)) return true;
      // A Unix socket that is not there; ENOENT of a file is something else.
      if (code === 'ENOENT' && (current as { syscall?: unknown }).syscall === 'connect') return true;
    }
    current = current.cause;
  }
  return false;
}

/** A query of postgres.js that has not been awaited yet. */
export type PendingStatement<T> = Promise<T> & { cancel(): void };

/** Members of a query that postgres.js 3.4 has but does not declare (its src/query.js). */
interface QueryInternals {
  /** Set when a connection takes the query; null while it waits for one. */
  state: unknown;
  cancelled: unknown;
  strings: string[];
  args: unknown[];
}

/**
 * Makes sure that a query no connection has taken will never have an effect. `cancel()` removes it from the
 * pool's queue. But when a connection is being opened for it, postgres.js would never free that connection
 * again: the query must still run on it, as one that does nothing.
 */
function withdraw(query: PendingStatement<unknown>, internals: QueryInternals): void {
  query.cancel();
  internals.cancelled = null;
  internals.strings = ['SELECT 1'];
  internals.args = [];
}

/**
 * Waits for a query at most `timeoutMs` and a margin for the wait for a connection, which postgres.js itself
 * leaves without end. A query that no connection took is withdrawn. One that was sent is left to the server's
 * `statement_timeout`: a cancel request could hit its successor on the same connection.
 * @param timeoutMs DATABASE_TIMEOUT_MS
 * @throws {DatabaseTimeout} when time is up, and whatever the query throws
 */
export async function bounded<T>(query: PendingStatement<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // The cast: see QueryInternals.
      const internals = query as unknown as QueryInternals;
      const sent = Boolean(internals.state);
      reject(new DatabaseTimeout(sent));
      if (!sent) withdraw(query, internals);
    }, timeoutMs + WAIT_MARGIN_MS);
  });
  try {
    return await Promise.race([query, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What a failed statement may have done. `none`: it was not sent, or the server refused it for want of means
 * (an error answer means that it was rolled back). `unknown`: it was cut off. `bug`: any other error.
 * @param error what `bounded(query, …)` threw
 */
export function statementOutcome(
  query: PendingStatement<unknown>,
  error: unknown,
): 'none' | 'unknown' | 'bug' {
  if (!isDatabaseUnavailable(error)) return 'bug';
  if (error instanceof DatabaseTimeout) return error.sent ? 'unknown' : 'none';
  // A FATAL ends the connection, perhaps between the commit and its acknowledgement.
  if ((error as { severity?: unknown }).severity === 'ERROR') return 'none';
  // The cast: see QueryInternals.
  return (query as unknown as QueryInternals).state ? 'unknown' : 'none';
}
