/** What a database says it has applied (table `vespid_migrations`), compared with the files. */
import { MigrateError } from './error.ts';
import type { Migration } from './folder.ts';
import type { Session } from './session.ts';

export interface AppliedMigration {
  name: string;
  hash: string;
}

/** The applied migrations by name; empty when the database was never migrated. */
export async function readApplied(session: Session): Promise<AppliedMigration[]> {
  const [found] = await session.run<{ present: boolean }>(
    "SELECT to_regclass('vespid_migrations') IS NOT NULL AS present",
  );
  if (found?.present !== true) return [];
  return session.run<AppliedMigration>('SELECT name, hash FROM vespid_migrations ORDER BY name COLLATE "C"');
}

/** Makes the journal table when it is not there yet. */
export async function createJournal(session: Session): Promise<void> {
  await session.run(`CREATE TABLE IF NOT EXISTS vespid_migrations (
    name text PRIMARY KEY,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
  )`);
}

export interface Plan {
  pending: Migration[];
  /** Applied by a newer release: this one runs on the newer schema, since migrations only expand. */
  ahead: string[];
  /** Why nothing may be applied, one sentence each. */
  conflicts: { name: string; message: string }[];
}

/** What is left to apply, and what stands against it. Both lists are in the order of the names. */
export function plan(migrations: Migration[], applied: AppliedMigration[]): Plan {
  const files = new Map(migrations.map((migration) => [migration.name, migration]));
  const lastFile = migrations.at(-1)?.number ?? -1;
  const lastApplied = applied.findLast(({ name }) => files.has(name))?.name ?? '';
  const result: Plan = { pending: [], ahead: [], conflicts: [] };
  for (const { name, hash } of applied) {
    const file = files.get(name);
    if (file === undefined && Number(name.slice(0, 4)) > lastFile) result.ahead.push(name);
    else if (file === undefined) {
      const message = 'was applied to this database but its file is gone: bring the file back';
      result.conflicts.push({ name, message });
    } else if (file.hash !== hash) {
      const message = 'was edited after it was applied to this database: restore it, write a new migration';
      result.conflicts.push({ name, message });
    }
  }
  const done = new Set(applied.map(({ name }) => name));
  for (const migration of migrations) {
    if (done.has(migration.name)) continue;
    result.pending.push(migration);
    if (migration.name < lastApplied) {
      const message = `comes before ${lastApplied}, which is applied already: give it the next free number`;
      result.conflicts.push({ name: migration.name, message });
    }
  }
  return result;
}

/** @throws {MigrateError} naming every conflict. */
export function refuseConflicts({ conflicts }: Plan): void {
  if (conflicts.length === 0) return;
  throw new MigrateError(conflicts.map(({ name, message }) => `${name} ${message}`).join('\n'));
}
