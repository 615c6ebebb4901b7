/** A copy of the project's migrations that a test may spoil. */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateDrizzleJson } from 'drizzle-kit/api';
import { onTestFinished } from 'vitest';
import * as schema from '../../../lib/db/schema.ts';
import { readSchemaSources } from '../../../scripts/migrations/schema-sources.ts';
import { checkMigrations } from '../../../scripts/migrations/check.ts';
import { readFolder } from '../../../scripts/migrations/folder.ts';
import { writeHashes } from '../../../scripts/migrations/hashes.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');

interface Journal {
  entries: { idx: number; version: string; when: number; tag: string; breakpoints: boolean }[];
}

export interface Added {
  /** After the migration; the project's schema without it. */
  schema?: Record<string, unknown>;
  recorded?: boolean;
}

/** A copy of `migrations/` that is removed when the test ends. */
export function copyMigrations() {
  const folder = mkdtempSync(join(tmpdir(), 'vespid-migrations-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(PROJECT, 'migrations'), folder, { recursive: true });
  const path = (file: string): string => join(folder, file);
  const read = (file: string): string => readFileSync(path(file), 'utf8');
  const write = (file: string, text: string): void => writeFileSync(path(file), text);
  const readJournal = (): Journal => JSON.parse(read('meta/_journal.json')) as Journal;
  const writeJournal = (journal: Journal): void =>
    write('meta/_journal.json', JSON.stringify(journal, null, 2));

  return {
    folder,
    path,
    read,
    write,
    /** The number of a migration so many after the next one. */
    number: (after: number): string => String(readFolder(folder).migrations.length + after).padStart(4, '0'),
    record: () => writeHashes(folder, readFolder(folder).migrations),
    editJournal: (edit: (journal: Journal) => void) => {
      const journal = readJournal();
      edit(journal);
      writeJournal(journal);
    },
    /** Adds a migration as drizzle-kit does: file, journal entry, snapshot and recorded hash. */
    add: (what: string, sql: string, { schema: after = schema, recorded = true }: Added = {}): string => {
      const journal = readJournal();
      const last = journal.entries.at(-1);
      if (last === undefined) throw new Error('the project has no migration');
      const number = String(last.idx + 1).padStart(4, '0');
      const tag = `${number}_${what}`;
      const before = JSON.parse(read(`meta/${String(last.idx).padStart(4, '0')}_snapshot.json`)) as {
        id: string;
      };
      const snapshot = { ...generateDrizzleJson(after), id: randomUUID(), prevId: before.id };
      write(`meta/${number}_snapshot.json`, JSON.stringify(snapshot));
      write(`${tag}.sql`, sql);
      journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1000, tag });
      writeJournal(journal);
      if (recorded) writeHashes(folder, readFolder(folder).migrations);
      return tag;
    },
    /** What the check says, one `file:line: message` a problem. */
    check: async (inCode: Record<string, unknown> = schema): Promise<string[]> => {
      const sources = readSchemaSources(PROJECT);
      const { problems } = await checkMigrations({ folder, schema: inCode, sources });
      return problems.map(({ file, line, message }) => `${file}:${line ?? ''}: ${message}`);
    },
  };
}
