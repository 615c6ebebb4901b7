/** Applies one migration: its statements and its journal row, together or not at all. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrateError } from './error.ts';
import type { Chunk, Migration } from './folder.ts';
import type { Session } from './session.ts';

/** A statement that waits longer for a table makes everybody behind it wait: give up, try again, ms. */
const LOCK_TIMEOUT_MS = 2000;
const RETRY_AFTER_MS = 1000;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK_DETECTED = '40P01';
const CONCURRENT_INDEX =
  /^\s*(?:--.*\n\s*)*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?("[^"]+"|[\w.]+)/i;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

async function runChunk(session: Session, migration: Migration, chunk: Chunk): Promise<void> {
  try {
    await session.run(chunk.sql);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MigrateError(`${migration.name}.sql:${chunk.line}: ${reason}`, { cause });
  }
}

async function record(session: Session, { name, hash }: Migration): Promise<void> {
  await session.run('INSERT INTO vespid_migrations (name, hash) VALUES ($1, $2)', [name, hash]);
}

async function inTransaction(session: Session, migration: Migration): Promise<void> {
  await session.run(
    `BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}; SET LOCAL statement_timeout = 0;
     SET LOCAL idle_in_transaction_session_timeout = 0`,
  );
  try {
    for (const chunk of migration.chunks) await runChunk(session, migration, chunk);
    await record(session, migration);
    await session.run('COMMIT');
  } catch (error) {
    await session.run('ROLLBACK').catch(() => {});
    throw error;
  }
}

/** A concurrent build that was cut off leaves an index that is never used; IF NOT EXISTS would keep it. */
async function dropBrokenIndex(session: Session, chunk: Chunk): Promise<void> {
  const name = CONCURRENT_INDEX.exec(chunk.sql)?.[1];
  if (name === undefined) return;
  const broken = await session.run(
    'SELECT 1 FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid',
    [name],
  );
  if (broken.length > 0) await session.run(`DROP INDEX CONCURRENTLY ${name}`);
}

async function withoutTransaction(session: Session, migration: Migration): Promise<void> {
  await session.run('SET statement_timeout = 0');
  try {
    for (const chunk of migration.chunks) {
      await dropBrokenIndex(session, chunk);
      await runChunk(session, migration, chunk);
    }
    await record(session, migration);
  } finally {
    await session.run('RESET statement_timeout').catch(() => {});
  }
}

/**
 * Applies a migration and writes its journal row. One that says `-- no-transaction` in its first line runs
 * statement by statement, and from its first statement again if it was cut off.
 * @param lockWaitMs how long to go on trying when traffic holds a lock that a statement needs.
 * @throws {MigrateError} with file, line and Postgres's reason; nothing of a transaction's remains.
 */
export async function apply(
  session: Session,
  migration: Migration,
  lockWaitMs: number,
  say: (line: string) => void,
): Promise<void> {
  if (!migration.inTransaction) return withoutTransaction(session, migration);
  const deadline = Date.now() + lockWaitMs;
  for (;;) {
    try {
      return await inTransaction(session, migration);
    } catch (error) {
      const code = codeOf(error instanceof MigrateError ? error.cause : error);
      const busy = code === LOCK_NOT_AVAILABLE || code === DEADLOCK_DETECTED;
      if (!busy || Date.now() >= deadline) throw error;
      say(`${migration.name}: traffic holds a lock it needs, trying again`);
      await sleep(RETRY_AFTER_MS);
    }
  }
}
