/** Refusal 3: the order is broken (numbers, drizzle's journal, the chain of its snapshots). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Migration } from './folder.ts';
import { lineOf, problemAt, type Problem } from './problem.ts';

const JOURNAL = 'meta/_journal.json';
const NO_SNAPSHOT = '00000000-0000-0000-0000-000000000000';
const journalSchema = v.object({
  entries: v.array(v.object({ idx: v.number(), when: v.number(), tag: v.string() })),
});
const snapshotSchema = v.object({ id: v.string(), prevId: v.string() });

const numberText = (number: number): string => String(number).padStart(4, '0');

/** Path of the snapshot of the schema after the migration with that number, within the folder. */
export const snapshotFile = (number: number): string => `meta/${numberText(number)}_snapshot.json`;

function checkNumbers(migrations: Migration[]): Problem[] {
  const problems: Problem[] = [];
  let expected = 0;
  for (const { name, number } of migrations) {
    if (number < expected) {
      const message = `the number ${numberText(number)} is taken: generate it again to get the next free one`;
      problems.push({ file: `${name}.sql`, message });
      continue;
    }
    if (number > expected) {
      const message = `${numberText(expected)} is missing before it: numbers have no gaps`;
      problems.push({ file: `${name}.sql`, message });
    }
    expected = number + 1;
  }
  return problems;
}

function checkJournal(folder: string, migrations: Migration[]): Problem[] {
  if (!existsSync(join(folder, JOURNAL))) return [{ file: JOURNAL, message: 'is missing: bring it back' }];
  const text = readFileSync(join(folder, JOURNAL), 'utf8');
  const { entries } = v.parse(journalSchema, JSON.parse(text));
  const problems: Problem[] = [];
  const files = new Set(migrations.map(({ name }) => name));
  const tags = new Set(entries.map(({ tag }) => tag));
  for (const { name } of migrations) {
    if (tags.has(name)) continue;
    const message = `has no entry in ${JOURNAL}: make migrations with \`npm run migrate:generate\` (-- --custom for an empty one)`;
    problems.push({ file: `${name}.sql`, message });
  }
  let before: { tag: string; when: number } | undefined;
  for (const [index, { idx, tag, when }] of entries.entries()) {
    const say = (message: string): void => {
      problems.push(problemAt(JOURNAL, lineOf(text, `"${tag}"`), `${tag}: ${message}`));
    };
    if (!files.has(tag)) say(`the entry has no file ${tag}.sql: bring the file back or remove the entry`);
    if (idx !== index || Number(tag.slice(0, 4)) !== idx) {
      say(`entry ${index} has idx ${idx}: position, idx and the number in the name are the same`);
    }
    if (before !== undefined && when <= before.when) {
      say(`is not younger than ${before.tag} before it: generate the later one again`);
    }
    before = { tag, when };
  }
  return problems;
}

function checkSnapshots(folder: string, migrations: Migration[]): Problem[] {
  const problems: Problem[] = [];
  let previous = NO_SNAPSHOT;
  for (const { name, number } of migrations) {
    const file = snapshotFile(number);
    if (!existsSync(join(folder, file))) {
      problems.push({
        file,
        message: `is missing: ${name}.sql was not made with \`npm run migrate:generate\``,
      });
      continue;
    }
    const text = readFileSync(join(folder, file), 'utf8');
    const snapshot = v.parse(snapshotSchema, JSON.parse(text));
    if (snapshot.prevId !== previous) {
      const message =
        'does not follow the snapshot before it (two branches?): generate the later migration again';
      problems.push(problemAt(file, lineOf(text, '"prevId"'), message));
    }
    previous = snapshot.id;
  }
  return problems;
}

/** Names, numbers, journal and snapshots; all of them tell one order. */
export function checkOrder(folder: string, migrations: Migration[], misnamed: string[]): Problem[] {
  return [
    ...misnamed.map((file) => ({
      file,
      message: 'is not named NNNN_what_it_does.sql (small letters, digits, _)',
    })),
    ...checkNumbers(migrations),
    ...checkJournal(folder, migrations),
    ...checkSnapshots(folder, migrations),
  ];
}
