/** Refusal 4: no statement breaks the previous release or locks a big table. */
import { describe, expect, it } from 'vitest';
import { copyMigrations } from './support.ts';

/** What the check says of one more migration, without what depends on its name. */
async function refusalsOf(sql: string): Promise<string[]> {
  const copy = copyMigrations();
  copy.add('try_it', sql);
  return (await copy.check()).map((problem) => problem.replace(/^\d{4}_try_it\.sql:/, ''));
}

describe.each([
  ['DROP TABLE "leaders";', /leave it until no release/],
  ['ALTER TABLE "workflow_runs" DROP COLUMN "input";', /leave it until no release/],
  ['ALTER TABLE "workflow_runs" RENAME COLUMN "input" TO "payload";', /write both/],
  ['ALTER TABLE "workflow_runs" RENAME TO "runs";', /keep the name/],
  ['ALTER TABLE "workflow_runs" ALTER COLUMN "priority" SET DATA TYPE bigint;', /column of the new type/],
  ['ALTER TABLE "workflow_runs" ADD COLUMN "x" text NOT NULL;', /constant default/],
  ['ALTER TABLE "workflow_runs" ADD COLUMN "x" uuid DEFAULT gen_random_uuid();', /without the default/],
  ['ALTER TABLE "workflow_runs" ADD COLUMN "x" text CHECK ("x" <> \'\');', /rewrites or scans/],
  ['ALTER TABLE "workflow_runs" ALTER COLUMN "input" SET NOT NULL;', /NOT NULL/],
  ['ALTER TABLE "workflow_runs" ALTER COLUMN "trigger" DROP NOT NULL;', /may be null/],
  ['ALTER TABLE "workflow_runs" ALTER COLUMN "priority" DROP DEFAULT;', /previous release may use it/],
  ['ALTER TABLE "workflow_runs" DROP CONSTRAINT "workflow_runs_status";', /previous release may use it/],
  ['ALTER TABLE "workflow_runs" ADD CONSTRAINT "c" CHECK ("priority" > 0);', /NOT VALID/],
  [
    'ALTER TABLE "workflow_runs" ADD CONSTRAINT "c" FOREIGN KEY ("org_id") REFERENCES "orgs"("id");',
    /NOT VALID/,
  ],
  ['ALTER TABLE "workflow_runs" ADD CONSTRAINT "c" UNIQUE ("org_id", "labels");', /CONCURRENTLY/],
  ['ALTER TABLE "workflow_runs" SET UNLOGGED;', /not among the statements/],
  ['ALTER TABLE "workflow_runs" ADD COLUMN "x" text, DISABLE TRIGGER ALL;', /not among the statements/],
  ['CREATE INDEX "i" ON "workflow_runs" ("status");', /no-transaction/],
  ['CREATE INDEX CONCURRENTLY "i" ON "workflow_runs" ("status");', /no-transaction/],
  ['DROP INDEX "workflow_runs_org";', /CONCURRENTLY/],
  ['-- no-transaction\nDROP INDEX CONCURRENTLY "workflow_runs_idempotency";', /previous release may use it/],
  [
    '-- no-transaction\nUPDATE "workflow_runs" SET "priority" = 5;',
    /only CREATE and DROP INDEX CONCURRENTLY/,
  ],
  [
    '-- no-transaction\nDROP INDEX CONCURRENTLY "a"; DROP INDEX CONCURRENTLY "b";',
    /put `--> statement-breakpoint` between them/,
  ],
  ['CREATE TABLE "p" PARTITION OF "workflow_run_events" DEFAULT;', /reconciler makes partitions/],
  ['UPDATE "workflow_runs" SET "priority" = 5;', /small batches/],
  ['TRUNCATE "workflow_run_events";', /small batches/],
  ["DO $$ BEGIN EXECUTE 'DROP TABLE orgs'; END $$;", /not among the statements/],
  ['CREATE RULE r AS ON INSERT TO "orgs" DO INSTEAD NOTHING;', /not among the statements/],
  ['COMMIT;', /the runner wraps the file/],
  ['SET lock_timeout = 0;', /the runner sets lock_timeout/],
  ['SELEC 1;', /syntax-error/],
])('%s', (sql, reason) => {
  it('is refused with its line and what would be right', async () => {
    const lead = sql.startsWith('-- no-transaction') ? 2 : 4;
    const refusals = await refusalsOf(lead === 2 ? sql : `-- a comment\n/* and; another */\n\n${sql}`);
    expect(refusals).not.toEqual([]);
    expect(refusals.join('\n')).toMatch(reason);
    expect(new Set(refusals.map((refusal) => refusal.split(':')[0]))).toEqual(new Set([String(lead)]));
  });
});

describe.each([
  'ALTER TABLE "workflow_runs" ADD COLUMN "x" text;',
  'ALTER TABLE "workflow_runs" ADD COLUMN "x" text DEFAULT \'a, (b\' NOT NULL, ADD COLUMN "y" numeric(3, 1);',
  'ALTER TABLE "workflow_runs" ADD CONSTRAINT "c" CHECK ("priority" > 0) NOT VALID;',
  'ALTER TABLE "workflow_runs" VALIDATE CONSTRAINT "c";',
  'ALTER TABLE "workflow_runs" ADD CONSTRAINT "c" FOREIGN KEY ("org_id") REFERENCES "orgs"("id") NOT VALID;',
  `ALTER TABLE "workflow_runs" DROP CONSTRAINT "workflow_runs_status",
     ADD CONSTRAINT "workflow_runs_status" CHECK ("status" <> '') NOT VALID;`,
  'ALTER TABLE "workflow_runs" SET (fillfactor = 70);',
  'CREATE TABLE "a" ("id" uuid PRIMARY KEY); CREATE UNIQUE INDEX "i" ON "a" ("id"); ALTER TABLE "a" SET UNLOGGED;',
  'CREATE TABLE "a" ("t" timestamptz) PARTITION BY RANGE ("t"); CREATE TABLE "b" PARTITION OF "a" DEFAULT;',
  'INSERT INTO "orgs" ("id", "name") VALUES (\'00000000-0000-0000-0000-000000000000\', \'DROP TABLE orgs;\');',
  '-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY "i" ON "workflow_runs" ("status");',
  '-- no-transaction\nDROP INDEX CONCURRENTLY "workflow_runs_org";',
  '-- reviewed: nothing has read it since 0.3\nALTER TABLE "workflow_runs" DROP COLUMN "input";',
  '-- reviewed: ten rows\nUPDATE "leaders" SET "name" = \'a\';',
])('%s', (sql) => {
  it('passes', async () => {
    expect(await refusalsOf(sql)).toEqual([]);
  });
});

it('a review without a reason, and a squawk comment, let nothing pass', async () => {
  expect(await refusalsOf('-- reviewed:\nDROP TABLE "leaders";')).not.toEqual([]);
  const ignored = await refusalsOf('-- squawk-ignore ban-drop-table\nDROP TABLE "leaders";');
  expect(ignored).toContainEqual(expect.stringMatching(/^1: say why it is safe with `-- reviewed: <why>`/));
});

it('a review is of the one statement behind it', async () => {
  const refusals = await refusalsOf('-- reviewed: unused\nDROP TABLE "leaders"; DROP TABLE "workers";');
  expect(refusals).toEqual([expect.stringMatching(/^2: .*ban-drop-table/)]);
});
