/** One `migrate` at a time in a database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrateError } from './error.ts';
import type { Session } from './session.ts';

/** Any number will do as long as nobody else takes it: the letters "vespid" in hex. */
const LOCK_KEY = 0x766573706964;
const POLL_MS = 100;
const SAY_EVERY_MS = 5000;

async function tryLock(guard: Session): Promise<boolean> {
  await guard.run(
    'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0',
  );
  const [row] = await guard.run<{ locked: boolean }>(
    `SELECT pg_try_advisory_xact_lock(${LOCK_KEY}) AS locked`,
  );
  return row?.locked === true;
}

/**
 * Runs `work` while `guard` holds the advisory lock in an open transaction, so that it also holds behind a
 * transaction-mode pooler. Who waits asks again and again, each time in a transaction of its own: a statement
 * or transaction that stays open can deadlock with CREATE INDEX CONCURRENTLY, which waits for those before it.
 * @param waitMs how long to wait for another run to end.
 * @throws {MigrateError} when the other run takes longer.
 */
export async function withLock<T>(
  guard: Session,
  waitMs: number,
  say: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const began = Date.now();
  let saidAt = -Infinity;
  while (!(await tryLock(guard))) {
    await guard.run('ROLLBACK');
    const waitedMs = Date.now() - began;
    if (waitedMs >= waitMs) {
      throw new MigrateError(`another migrate run has held the lock for ${waitMs / 1000} s: try again later`);
    }
    if (Date.now() - saidAt >= SAY_EVERY_MS) {
      say(`waiting for another migrate run to end (${Math.round(waitedMs / 1000)} s)`);
      saidAt = Date.now();
    }
    await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await guard.run('ROLLBACK').catch(() => {});
  }
}
