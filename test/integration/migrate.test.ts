/** `migrate` on a real Postgres: everything once, in order, together with its journal row, or not at all. */
import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import postgres from 'postgres';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import * as schema from '../../lib/db/schema.ts';
import { migrate } from '../../scripts/migrate.ts';
import { checkMigrations } from '../../scripts/migrations/check.ts';
import { readFolder } from '../../scripts/migrations/folder.ts';
import { copyMigrations } from '../unit/migrations/support.ts';

const FIRST = '0000_create_the_first_tables';
const PROJECT = join(import.meta.dirname, '..', '..');
/** The project's migrations, by name. */
const ALL = readFolder(join(PROJECT, 'migrations')).migrations.map(({ name }) => name);

function connect(url: string, max = 1): postgres.Sql {
  const sql = postgres(url, { max, onnotice: () => {} });
  onTestFinished(async () => sql.end({ timeout: 1 }));
  return sql;
}

/** An empty database that is dropped when the test ends. */
async function emptyDatabase(): Promise<{ url: string; sql: postgres.Sql }> {
  const adminUrl = process.env['VESPID_TEST_DATABASE_URL'];
  if (adminUrl === undefined) throw new Error('VESPID_TEST_DATABASE_URL is not set: run npm test');
  const name = `vespid_migrate_${randomBytes(6).toString('hex')}`;
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`CREATE DATABASE "${name}"`);
  onTestFinished(async () => {
    await admin.unsafe(`DROP DATABASE "${name}" WITH (FORCE)`);
    await admin.end();
  });
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return { url: url.href, sql: connect(url.href, 3) };
}

/** A database that has the project's migrations. */
async function migratedDatabase() {
  const database = await emptyDatabase();
  await migrate(database.url);
  return database;
}

const journalOf = async (sql: postgres.Sql): Promise<string[]> =>
  (await sql<{ name: string }[]>`SELECT name FROM vespid_migrations ORDER BY name`).map(({ name }) => name);

describe('from an empty database', () => {
  it('makes the tables that the schema in code declares, and records what it applied', async () => {
    const { url, sql } = await emptyDatabase();
    expect(await migrate(url)).toEqual({ applied: ALL });
    expect(await journalOf(sql)).toEqual(ALL);
    for (const value of Object.values(schema)) {
      if (!(value instanceof PgTable)) continue;
      const table = getTableConfig(value);
      const columns = await sql<{ name: string; type: string; notNull: boolean; hasDefault: boolean }[]>`
        SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS "notNull",
               (atthasdef OR attidentity <> '') AS "hasDefault"
        FROM pg_attribute WHERE attrelid = to_regclass(${table.name}) AND attnum > 0 ORDER BY attnum`;
      expect({ table: table.name, columns: [...columns] }).toEqual({
        table: table.name,
        columns: table.columns.map((column) => ({
          name: column.name,
          type: column.getSQLType(),
          notNull: column.notNull,
          hasDefault: column.hasDefault,
        })),
      });
      const made = await sql<{ name: string }[]>`
        SELECT conname AS name FROM pg_constraint WHERE conrelid = to_regclass(${table.name})
        UNION SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = to_regclass(${table.name})`;
      const names = made.map(({ name }) => name);
      const declared = [
        ...table.indexes.map(({ config }) => config.name ?? ''),
        ...table.foreignKeys.map((key) => key.getName()),
        ...table.checks.map(({ name }) => name),
        ...table.uniqueConstraints.map((constraint) => constraint.getName() ?? ''),
        ...table.primaryKeys.map((key) => key.getName()),
      ];
      for (const name of declared) expect(names).toContain(name);
    }
  });

  it('partitions the timeline, with a partition for what no other takes, and leaves room for HOT updates', async () => {
    const { sql } = await migratedDatabase();
    const tables = await sql`
      SELECT relname, relkind, relispartition, reloptions FROM pg_class
      WHERE relname IN ('workflow_run_events', 'workflow_run_events_default', 'workflow_runs') ORDER BY relname`;
    expect([...tables]).toEqual([
      { relname: 'workflow_run_events', relkind: 'p', relispartition: false, reloptions: null },
      { relname: 'workflow_run_events_default', relkind: 'r', relispartition: true, reloptions: null },
      { relname: 'workflow_runs', relkind: 'r', relispartition: false, reloptions: ['fillfactor=45'] },
    ]);
  });
});

describe('again', () => {
  it('does nothing', async () => {
    const { url } = await migratedDatabase();
    expect(await migrate(url)).toEqual({ applied: [] });
  });

  it('applies what is new, in order', async () => {
    const { url, sql } = await migratedDatabase();
    const copy = copyMigrations();
    const second = copy.add('add_a_column', 'ALTER TABLE "orgs" ADD COLUMN "note" text;');
    const third = copy.add(
      'fill_it',
      `INSERT INTO "orgs" ("id", "name", "note") VALUES ('${randomUUID()}', 'a', 'b');`,
    );
    expect(await migrate(url, () => {}, copy)).toEqual({ applied: [second, third] });
    expect(await journalOf(sql)).toEqual([...ALL, second, third]);
  });

  it('leaves the schema of a newer release alone: a rollback of the code needs none of the schema', async () => {
    const { url } = await emptyDatabase();
    const copy = copyMigrations();
    const newer = copy.add('add_a_column', 'ALTER TABLE "orgs" ADD COLUMN "note" text;');
    await migrate(url, () => {}, copy);
    const said: string[] = [];
    expect(await migrate(url, (line) => said.push(line))).toEqual({ applied: [] });
    expect(said).toEqual([`${newer} was applied by a newer release`]);
  });
});

describe('several at once', () => {
  it('five processes apply each migration once and all end well', async () => {
    const { url, sql } = await emptyDatabase();
    const one = async () =>
      new Promise<{ code: unknown; stdout: string }>((resolve) => {
        const options = { cwd: PROJECT, env: { ...process.env, DATABASE_URL: url } };
        execFile(process.execPath, ['--import', 'tsx', 'scripts/migrate.ts'], options, (error, stdout) =>
          resolve({ code: error === null ? 0 : error.code, stdout }),
        );
      });
    const ends = await Promise.all([one(), one(), one(), one(), one()]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(ends.filter(({ stdout }) => stdout.includes(`applied ${FIRST}`))).toHaveLength(1);
    expect(await journalOf(sql)).toEqual(ALL);
  });

  it('those that wait do not stall a concurrent index', async () => {
    const { url, sql } = await migratedDatabase();
    const copy = copyMigrations();
    const tag = copy.add(
      'add_an_index',
      '-- no-transaction\nCREATE INDEX CONCURRENTLY "orgs_name" ON "orgs" ("name");',
    );
    const ends = await Promise.all([1, 2, 3, 4, 5].map(async () => migrate(url, () => {}, copy)));
    expect(ends.flatMap(({ applied }) => applied)).toEqual([tag]);
    expect(await journalOf(sql)).toEqual([...ALL, tag]);
  });

  it('does not wait for ever for one that hangs, and says that it waits', async () => {
    const { url, sql } = await emptyDatabase();
    const copy = copyMigrations();
    const holder = copy.add('hang', 'SELECT pg_sleep(30);');
    const hanging = migrate(url, () => {}, copy);
    hanging.catch(() => {});
    const asleep = () =>
      sql<{ pid: number }[]>`SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    await vi.waitUntil(async () => (await asleep()).length > 0, { timeout: 10_000 });
    const said: string[] = [];
    await expect(migrate(url, (line) => said.push(line), { lockWaitMs: 300 })).rejects.toThrow(
      'another migrate run has held the lock',
    );
    expect(said).toEqual(['waiting for another migrate run to end (0 s)']);
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    await expect(hanging).rejects.toThrow(holder);
    expect(await journalOf(sql)).toEqual(ALL);
    expect(await migrate(url)).toEqual({ applied: [] });
  });
});

describe('refuses', () => {
  it('a migration that was edited after it was applied, and applies nothing behind it', async () => {
    const { url, sql } = await migratedDatabase();
    const copy = copyMigrations();
    copy.add('add_a_column', 'ALTER TABLE "orgs" ADD COLUMN "note" text;');
    copy.write(`${FIRST}.sql`, `${copy.read(`${FIRST}.sql`)}-- edited\n`);
    await expect(migrate(url, () => {}, copy)).rejects.toThrow(`${FIRST} was edited after it was applied`);
    expect(await journalOf(sql)).toEqual(ALL);
  });

  it('a folder with a gap', async () => {
    const { url } = await emptyDatabase();
    const copy = copyMigrations();
    const [missing, added] = [copy.number(0), copy.number(1)];
    copy.write(`${added}_say_a_comment.sql`, "COMMENT ON TABLE orgs IS 'a';");
    await expect(migrate(url, () => {}, copy)).rejects.toThrow(`should have the number ${missing}`);
  });
});

describe('when something fails', () => {
  it('nothing of the migration remains, the ones before it do, and the reason names file and line', async () => {
    const { url, sql } = await emptyDatabase();
    const copy = copyMigrations();
    const tag = copy.add(
      'fail_late',
      'CREATE TABLE "a" ("id" uuid);\n--> statement-breakpoint\n\nALTER TABLE "missing" ADD COLUMN "b" text;',
    );
    await expect(migrate(url, () => {}, copy)).rejects.toThrow(
      `${tag}.sql:4: relation "missing" does not exist`,
    );
    expect(await journalOf(sql)).toEqual(ALL);
    expect([...(await sql`SELECT to_regclass('a') AS a`)]).toEqual([{ a: null }]);
  });

  it('nothing remains of a migration whose journal row could not be written', async () => {
    const { url, sql } = await emptyDatabase();
    const copy = copyMigrations();
    copy.add(
      'take_the_row',
      `CREATE TABLE "a" ("id" uuid);
       INSERT INTO "vespid_migrations" ("name", "hash") VALUES ('${copy.number(0)}_take_the_row', '');`,
    );
    await expect(migrate(url, () => {}, copy)).rejects.toThrow('duplicate key');
    expect(await journalOf(sql)).toEqual(ALL);
    expect([...(await sql`SELECT to_regclass('a') AS a`)]).toEqual([{ a: null }]);
  });

  it('a concurrent index whose build broke off is built again', async () => {
    const { url, sql } = await migratedDatabase();
    const copy = copyMigrations();
    copy.add(
      'add_an_index',
      '-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "orgs_name" ON "orgs" ("name");',
    );
    const twice = [randomUUID(), randomUUID()].map((id) => ({ id, name: 'same' }));
    await sql`INSERT INTO orgs ${sql(twice)}`;
    await expect(migrate(url, () => {}, copy)).rejects.toThrow('could not create unique index');
    await sql`DELETE FROM orgs WHERE id = ${twice[0]?.id ?? ''}`;
    await migrate(url, () => {}, copy);
    const state = await sql`SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('orgs_name')`;
    expect([...state]).toEqual([{ indisvalid: true }]);
  });

  it('a table that traffic holds is tried again, without queueing everybody behind it for long', async () => {
    const { url, sql } = await migratedDatabase();
    const copy = copyMigrations();
    const tag = copy.add('add_a_column', 'ALTER TABLE "orgs" ADD COLUMN "note" text;');
    const said: string[] = [];
    const holder = await sql.reserve();
    await holder`BEGIN`;
    await holder`LOCK TABLE orgs IN ACCESS SHARE MODE`;
    const running = migrate(url, (line) => said.push(line), copy);
    await vi.waitUntil(() => said.length > 0, { timeout: 10_000 });
    expect(said).toEqual([`${tag}: traffic holds a lock it needs, trying again`]);
    await holder`COMMIT`;
    holder.release();
    expect(await running).toEqual({ applied: [tag] });
  });
});

describe('migrate:check with a database', () => {
  const check = async (folder: string, databaseUrl: string) =>
    checkMigrations({ folder, schema, sources: [], databaseUrl });

  it('lists what is pending, also on a database that was never migrated', async () => {
    const { url } = await emptyDatabase();
    const copy = copyMigrations();
    const tag = copy.add('say_a_comment', "COMMENT ON TABLE orgs IS 'tenants';");
    expect(await check(copy.folder, url)).toEqual({ problems: [], pending: [...ALL, tag] });
    await migrate(url);
    expect(await check(copy.folder, url)).toEqual({ problems: [], pending: [tag] });
    await migrate(url, () => {}, copy);
    expect(await check(copy.folder, url)).toEqual({ problems: [], pending: [] });
  });

  it('refuses an applied migration that was edited, even where the record was changed with it', async () => {
    const { url } = await migratedDatabase();
    const copy = copyMigrations();
    copy.write(`${FIRST}.sql`, `${copy.read(`${FIRST}.sql`)}-- edited\n`);
    copy.record();
    const { problems } = await check(copy.folder, url);
    expect(problems).toEqual([
      {
        file: `${FIRST}.sql`,
        message: expect.stringContaining('was edited after it was applied to this database'),
      },
    ]);
  });
});

describe('the tables themselves', () => {
  async function withWorkflow() {
    const { sql } = await migratedDatabase();
    const [org, other, workflow] = [randomUUID(), randomUUID(), randomUUID()] as const;
    await sql`INSERT INTO orgs (id, name) VALUES (${org}, 'one'), (${other}, 'other')`;
    await sql`INSERT INTO workflows (id, org_id, name, draft, draft_source, draft_digest)
              VALUES (${workflow}, ${org}, 'w', '{}', '', '')`;
    const version = async (orgId: string) =>
      sql`INSERT INTO workflow_versions (org_id, workflow_id, version, definition, source, digest, published_by)
          VALUES (${orgId}, ${workflow}, 1, '{}', '', '', 'test')`;
    const run = async (orgId: string, input: string) =>
      sql`INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, input)
          VALUES (${randomUUID()}, ${orgId}, ${workflow}, 1, 'api', 'test', 3, ${sql.unsafe(`'${input}'`)})
          RETURNING input::text AS input`;
    return { org, other, version, run };
  }

  it('refuse a version and a run of another org', async () => {
    const { org, other, version, run } = await withWorkflow();
    await expect(version(other)).rejects.toThrow('workflow_versions_workflow');
    await version(org);
    await expect(run(other, 'null')).rejects.toThrow('workflow_runs_version');
  });

  it('keep key order, NUL escapes and doubled keys of JSON', async () => {
    const { org, version, run } = await withWorkflow();
    await version(org);
    const input = '{"z": "\\u0000", "a": 1, "a": 2}';
    expect([...(await run(org, input))]).toEqual([{ input }]);
  });
});
