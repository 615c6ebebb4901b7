/**
 * `npm run migrate:generate -- …`
 *   --name what_it_does   writes the difference between lib/db/schema.ts and the last migration as a new one
 *   --custom              with --name: an empty one, to be written by hand
 *   --remake              with --name: makes the last migration anew; only while it was never released
 *   --record              records the last migration's hash after it was edited by hand
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { snapshotFile } from './migrations/check-order.ts';
import { MIGRATIONS_FOLDER as folder, reasonOf } from './migrations/command-line.ts';
import { MigrateError } from './migrations/error.ts';
import { finish } from './migrations/finish.ts';
import { readFolder } from './migrations/folder.ts';
import { readHashes, writeHashes } from './migrations/hashes.ts';

const print = (line: string): boolean => process.stdout.write(`migrate:generate: ${line}\n`);
const readMigrations = () => readFolder(folder).migrations;

/** Only the last migration may change its hash: another one may be applied somewhere. */
function record(): void {
  const migrations = readMigrations();
  const recorded = readHashes(folder);
  for (const { name, hash } of migrations.slice(0, -1)) {
    if ((recorded[name] ?? hash) === hash) continue;
    throw new MigrateError(`${name} was edited and is not the last migration: restore it`);
  }
  writeHashes(folder, migrations);
}

function removeLast(): void {
  const last = readMigrations().at(-1);
  if (last === undefined) return;
  const path = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: { tag: string }[] };
  journal.entries = journal.entries.filter(({ tag }) => tag !== last.name);
  writeFileSync(path, JSON.stringify(journal, null, 2));
  rmSync(join(folder, `${last.name}.sql`));
  rmSync(join(folder, snapshotFile(last.number)));
}

function generate(name: string, isCustom: boolean): void {
  const before = new Set(readMigrations().map((migration) => migration.name));
  const kit = join(dirname(createRequire(import.meta.url).resolve('drizzle-kit')), 'bin.cjs');
  const custom = isCustom ? ['--custom'] : [];
  execFileSync(process.execPath, [kit, 'generate', '--name', name, ...custom], {
    cwd: dirname(folder),
    stdio: 'inherit',
  });
  const made = readMigrations().find((migration) => !before.has(migration.name));
  if (made === undefined) return;
  writeFileSync(join(folder, `${made.name}.sql`), finish(made.text));
  record();
  print(
    `read migrations/${made.name}.sql; after an edit run it again with --record; then npm run migrate:check`,
  );
}

function main(): void {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      custom: { type: 'boolean', default: false },
      remake: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
    },
  });
  if (values.record) return record();
  const name = values.name ?? '';
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
    throw new MigrateError('--name says what the migration does, for example --name add_schedules');
  }
  if (values.remake) removeLast();
  generate(name, values.custom);
}

try {
  main();
} catch (error) {
  process.stderr.write(`migrate:generate: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
