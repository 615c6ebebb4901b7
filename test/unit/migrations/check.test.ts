/** `migrate:check` refuses what the design (section 5) says it refuses, and nothing else. */
import { rmSync } from 'node:fs';
import { integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { describe, expect, it } from 'vitest';
import * as schema from '../../../lib/db/schema.ts';
import { copyMigrations } from './support.ts';

const FIRST = '0000_create_the_first_tables';
const notes = pgTable('notes', { id: uuid('id').primaryKey(), body: text('body').notNull() });
const NOTES = 'CREATE TABLE "notes" ("id" uuid PRIMARY KEY NOT NULL, "body" text NOT NULL);\n';

describe('the project itself', () => {
  it('passes', async () => {
    expect(await copyMigrations().check()).toEqual([]);
  });

  it('passes with a good migration more', async () => {
    const copy = copyMigrations();
    const after = { ...schema, notes };
    copy.add(
      'add_notes',
      `${NOTES}--> statement-breakpoint\nCREATE INDEX "notes_body" ON "notes" ("body");\n`,
      {
        schema: after,
      },
    );
    copy.add(
      'add_an_index',
      '-- no-transaction\nCREATE INDEX CONCURRENTLY "workflows_name" ON "workflows" ("name");\n',
      { schema: after },
    );
    expect(await copy.check(after)).toEqual([]);
  });
});

describe('refusal 1: the schema in code and the migrations differ', () => {
  it('names a table that is in no migration', async () => {
    const problems = await copyMigrations().check({ ...schema, notes });
    expect(problems).toEqual([
      expect.stringMatching(
        /^lib\/db\/schema\.ts:.*table notes is in the code but in no migration: run `npm run migrate:generate/,
      ),
    ]);
  });

  it('names a table that is gone from the code, with its line', async () => {
    const { leaders: _gone, ...rest } = schema;
    const problems = await copyMigrations().check(rest);
    expect(problems).toEqual([
      expect.stringMatching(
        /^lib\/db\/schema\/workers\.ts:\d+: table leaders is in the migrations but no longer in the code/,
      ),
    ]);
  });

  it('names a column that changed, with both values', async () => {
    const leaders = pgTable('leaders', {
      name: text('name').primaryKey(),
      holder: integer('holder').notNull(),
    });
    const problems = await copyMigrations().check({ ...schema, leaders });
    expect(problems).toEqual([
      expect.stringMatching(
        /:\d+: table leaders, column holder, type is "integer" in the code and "uuid" after/,
      ),
      expect.stringMatching(
        /:\d+: table leaders, column expires_at is in the migrations but no longer in the code/,
      ),
    ]);
  });
});

describe('refusal 2: an applied migration was edited', () => {
  it('names the file', async () => {
    const copy = copyMigrations();
    copy.write(`${FIRST}.sql`, `${copy.read(`${FIRST}.sql`)}-- edited\n`);
    expect(await copy.check()).toEqual([
      expect.stringMatching(`^${FIRST}.sql:1: was edited after it was recorded`),
    ]);
  });

  it('takes line ends of another system for no edit', async () => {
    const copy = copyMigrations();
    copy.write(`${FIRST}.sql`, copy.read(`${FIRST}.sql`).replaceAll('\n', '\r\n'));
    expect(await copy.check()).toEqual([]);
  });

  it('names a migration that nobody recorded', async () => {
    const copy = copyMigrations();
    const tag = copy.add('add_notes', NOTES, { schema: { ...schema, notes }, recorded: false });
    expect(await copy.check({ ...schema, notes })).toEqual([
      expect.stringMatching(`^${tag}.sql:1: its hash is not in hashes.json: run`),
    ]);
  });

  it('names a recorded migration whose file is gone', async () => {
    const copy = copyMigrations();
    const tag = copy.add('say_a_comment', "COMMENT ON TABLE orgs IS 'tenants';");
    rmSync(copy.path(`${tag}.sql`));
    expect(await copy.check()).toContainEqual(
      expect.stringMatching(`^hashes.json:\\d+: ${tag}.sql is recorded but its file is gone`),
    );
  });
});

describe('refusal 3: the order is broken', () => {
  const sql = "COMMENT ON TABLE orgs IS 'tenants';";

  it('names a gap', async () => {
    const copy = copyMigrations();
    const [missing, added] = [copy.number(0), copy.number(1)];
    copy.write(`${added}_say_a_comment.sql`, sql);
    expect(await copy.check()).toContainEqual(
      `${added}_say_a_comment.sql:: ${missing} is missing before it: numbers have no gaps`,
    );
  });

  it('names a number that is taken twice', async () => {
    const copy = copyMigrations();
    copy.write('0000_say_a_comment.sql', sql);
    expect(await copy.check()).toContainEqual(
      expect.stringMatching(/^0000_say_a_comment\.sql:: the number 0000 is taken/),
    );
  });

  it('names a file without a journal entry', async () => {
    const copy = copyMigrations();
    const tag = copy.add('say_a_comment', sql);
    copy.editJournal(({ entries }) => void entries.pop());
    expect(await copy.check()).toEqual([
      expect.stringMatching(`^${tag}.sql:: has no entry in meta/_journal.json`),
    ]);
  });

  it('names a journal entry without a file, with its line', async () => {
    const copy = copyMigrations();
    const tag = `${copy.number(0)}_lost`;
    copy.editJournal(({ entries }) => {
      const last = entries.at(-1);
      if (last) entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag });
    });
    expect(await copy.check()).toEqual([
      expect.stringMatching(`^meta/_journal\\.json:\\d+: ${tag}: the entry has no file`),
    ]);
  });

  it('names journal entries in another order', async () => {
    const copy = copyMigrations();
    const tag = copy.add('say_a_comment', sql);
    copy.editJournal(({ entries }) => void entries.reverse());
    const problems = await copy.check();
    expect(problems).toContainEqual(
      expect.stringMatching(`${tag}: entry 0 has idx ${Number(tag.slice(0, 4))}`),
    );
    expect(problems).toContainEqual(expect.stringMatching(`\\d{4}_\\w+: is not younger than ${tag}`));
  });

  it('names a snapshot of another branch', async () => {
    const copy = copyMigrations();
    const file = `meta/${copy.add('say_a_comment', sql).slice(0, 4)}_snapshot.json`;
    const snapshot = JSON.parse(copy.read(file)) as object;
    copy.write(file, JSON.stringify({ ...snapshot, prevId: 'another' }));
    expect(await copy.check()).toEqual([
      expect.stringMatching(`^${file}:1: does not follow the snapshot before it`),
    ]);
  });

  it('names a file that does not say what it does', async () => {
    const copy = copyMigrations();
    copy.write('1_Fix.sql', sql);
    expect(await copy.check()).toEqual([
      expect.stringMatching(/^1_Fix\.sql:: is not named NNNN_what_it_does/),
    ]);
  });
});

it('says all problems at once', async () => {
  const copy = copyMigrations();
  copy.write(`${FIRST}.sql`, `${copy.read(`${FIRST}.sql`)}DROP TABLE orgs;\n`);
  copy.write(`${copy.number(2)}_nothing.sql`, '');
  const problems = (await copy.check({ ...schema, notes })).join('\n');
  for (const part of ['table notes', 'was edited', 'numbers have no gaps', 'ban-drop-table']) {
    expect(problems).toContain(part);
  }
});
