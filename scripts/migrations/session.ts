/** One connection to Postgres that is never replaced: a transaction or a lock must not outlive it unseen. */
import postgres from 'postgres';
import { MigrateError } from './error.ts';

const CONNECT_TIMEOUT_SECONDS = 10;
const CLOSE_TIMEOUT_SECONDS = 5;

export interface Session {
  /**
   * Without parameters `text` may hold several statements.
   * @throws {MigrateError} once the connection was lost; Postgres's own error otherwise.
   */
  run<Row extends object = object>(text: string, parameters?: string[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** A session that connects at its first statement; no prepared statements, so a pooler may be between. */
export function openSession(databaseUrl: string): Session {
  let lost = false;
  const sql = postgres(databaseUrl, {
    max: 1,
    prepare: false,
    fetch_types: false,
    max_lifetime: null,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    onnotice: () => {},
    // postgres.js would open another connection for the next statement, outside of the transaction.
    onclose: () => {
      lost = true;
    },
    connection: { application_name: 'vespid-migrate' },
  });
  return {
    async run<Row extends object>(text: string, parameters: string[] = []) {
      if (lost) throw new MigrateError('the connection to Postgres was lost');
      return [...(await sql.unsafe<Row[]>(text, parameters))];
    },
    // postgres.js would wait for the answer to a statement that was under way when the connection was lost.
    close: async () => sql.end({ timeout: lost ? 0 : CLOSE_TIMEOUT_SECONDS }),
  };
}
