/**
 * `npm run migrate`: brings the database that DATABASE_URL names up to the migrations in `migrations/`.
 * Safe to run at any time and by several at once; it exits 0 when nothing is left to do.
 */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { apply } from './migrations/apply.ts';
import { EXIT_CONFIG, reasonOf } from './migrations/command-line.ts';
import { readDatabaseUrl } from './migrations/database-url.ts';
import { MigrateError } from './migrations/error.ts';
import { readFolder } from './migrations/folder.ts';
import { createJournal, plan, readApplied, refuseConflicts } from './migrations/journal.ts';
import { withLock } from './migrations/lock.ts';
import { openSession } from './migrations/session.ts';

const LOCK_WAIT_MS = 60_000;

interface MigrateOptions {
  /** The folder with the migrations. */
  folder?: string;
  /** How long to wait for another run, and for a lock that traffic holds, ms. */
  lockWaitMs?: number;
}

/** `migrations/` beside `scripts/` and `dist/`, wherever this file was built to. */
function findFolder(): string {
  const beside = join(import.meta.dirname, '..', 'migrations');
  return existsSync(beside) ? beside : join(process.cwd(), 'migrations');
}

function readMigrations(folder: string) {
  if (!existsSync(folder)) throw new MigrateError(`there is no folder ${folder}`);
  const { migrations, misnamed } = readFolder(folder);
  const wrong = misnamed.map((name) => `${name} is not named NNNN_what_it_does.sql`);
  migrations.forEach(({ name, number }, index) => {
    if (number !== index) wrong.push(`${name} should have the number ${String(index).padStart(4, '0')}`);
  });
  if (migrations.length === 0) wrong.push(`${folder} holds no migration`);
  if (wrong.length > 0) throw new MigrateError(wrong.join('\n'));
  return migrations;
}

/**
 * Applies every pending migration in order, each in its own transaction with its journal row.
 * Two connections: one holds the lock, the other works; no prepared statements, so a pooler may be between.
 * @param say gets one line a step.
 * @returns the names of what this call applied.
 * @throws {MigrateError} when a file was edited after it was applied, the order is broken or a statement failed.
 */
export async function migrate(
  databaseUrl: string,
  say: (line: string) => void = () => {},
  options: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const migrations = readMigrations(options.folder ?? findFolder());
  const lockWaitMs = options.lockWaitMs ?? LOCK_WAIT_MS;
  const guard = openSession(databaseUrl);
  const work = openSession(databaseUrl);
  try {
    return await withLock(guard, lockWaitMs, say, async () => {
      await createJournal(work);
      const todo = plan(migrations, await readApplied(work));
      refuseConflicts(todo);
      for (const name of todo.ahead) say(`${name} was applied by a newer release`);
      for (const migration of todo.pending) {
        const began = Date.now();
        await apply(work, migration, lockWaitMs, say);
        say(`applied ${migration.name} (${Date.now() - began} ms)`);
      }
      return { applied: todo.pending.map(({ name }) => name) };
    });
  } finally {
    await Promise.all([guard.close(), work.close()]);
  }
}

async function main(): Promise<number> {
  const print = (line: string): boolean => process.stdout.write(`migrate: ${line}\n`);
  const complain = (text: string): void => {
    for (const line of text.split('\n')) process.stderr.write(`migrate: ${line}\n`);
  };
  const setting = readDatabaseUrl(process.env);
  if (setting === undefined || 'problem' in setting) {
    complain(
      setting?.problem ?? 'DATABASE_URL is required, for example postgres://user:password@host:5432/vespid',
    );
    return EXIT_CONFIG;
  }
  try {
    const { applied } = await migrate(setting.url, print);
    print(applied.length === 0 ? 'nothing to do, the schema is up to date' : `${applied.length} applied`);
    return 0;
  } catch (error) {
    complain(reasonOf(error));
    return 1;
  }
}

const started = process.argv[1];
if (
  started !== undefined &&
  existsSync(started) &&
  import.meta.url === pathToFileURL(realpathSync(started)).href
) {
  process.exitCode = await main();
}
