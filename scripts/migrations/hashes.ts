/**
 * Refusal 2: an applied migration was edited. `hashes.json` is the committed record, so that the check needs no
 * database: a changed line in it is what a reviewer looks for.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Migration } from './folder.ts';
import { lineOf, problemAt, type Problem } from './problem.ts';

const FILE = 'hashes.json';
const schema = v.record(v.string(), v.string());

/** The recorded SHA-256 of every migration by name; empty without a record. */
export function readHashes(folder: string): Record<string, string> {
  const path = join(folder, FILE);
  return existsSync(path) ? v.parse(schema, JSON.parse(readFileSync(path, 'utf8'))) : {};
}

/** Writes the record anew. */
export function writeHashes(folder: string, migrations: Migration[]): void {
  const record = Object.fromEntries(migrations.map(({ name, hash }) => [name, hash]));
  writeFileSync(join(folder, FILE), `${JSON.stringify(record, null, 2)}\n`);
}

/** Migrations that are not, or no longer, as recorded. */
export function checkHashes(folder: string, migrations: Migration[]): Problem[] {
  const recorded = readHashes(folder);
  const problems: Problem[] = [];
  for (const { name, hash } of migrations) {
    if (recorded[name] === hash) continue;
    const message =
      recorded[name] === undefined
        ? `its hash is not in ${FILE}: run \`npm run migrate:generate -- --record\` once it is as it should be`
        : `was edited after it was recorded in ${FILE}, and a database may have applied it: restore it and write a ` +
          'new migration (if it was never released and is the last one: `npm run migrate:generate -- --record`)';
    problems.push({ file: `${name}.sql`, line: 1, message });
  }
  const names = new Set(migrations.map(({ name }) => name));
  for (const name of Object.keys(recorded)) {
    if (names.has(name)) continue;
    const line = lineOf(readFileSync(join(folder, FILE), 'utf8'), `"${name}"`);
    problems.push(problemAt(FILE, line, `${name}.sql is recorded but its file is gone: bring it back`));
  }
  return problems;
}
