/** Exit codes and words of the commands, as a deployment sees them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { copyMigrations } from '../../unit/migrations/support.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');

async function run(script: string, env: Record<string, string>, ...args: string[]) {
  const { DATABASE_URL: _url, DATABASE_URL_FILE: _file, ...rest } = process.env;
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: PROJECT, env: { ...rest, ...env } };
    execFile(process.execPath, ['--import', 'tsx', script, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

it.each([
  [{}, 'DATABASE_URL is required'],
  [
    { DATABASE_URL: 'mysql://root:secret@localhost/x' },
    'DATABASE_URL must be a URL that starts with postgres://',
  ],
  [{ DATABASE_URL_FILE: '/nonexistent/url' }, 'DATABASE_URL_FILE names a file that cannot be read'],
])('migrate ends with 78 when its setting is %j', async (env, message) => {
  const { code, stderr } = await run('scripts/migrate.ts', env);
  expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining(message) });
  expect(stderr).not.toContain('secret');
});

it('migrate ends with 1 and the reason when nobody listens, without the password', async () => {
  const { code, stderr } = await run('scripts/migrate.ts', {
    DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/x',
  });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ECONNREFUSED 127.0.0.1:1') });
  expect(stderr).not.toContain('secret');
});

it('migrate:check ends with 0, or with 1 and each reason on a line', async () => {
  const copy = copyMigrations();
  const good = await run('scripts/migrate-check.ts', {}, copy.folder);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  copy.add('drop_a_table', 'DROP TABLE "leaders";');
  const bad = await run('scripts/migrate-check.ts', {}, copy.folder);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toMatch(
    /^migrate:check: migrations\/\d{4}_drop_a_table\.sql:1: .*ban-drop-table\)\n.*: 1 problem\n$/,
  );
});
