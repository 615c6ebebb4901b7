/** A database with orgs, and secrets under whichever keys a test has. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { readConfig, type Config } from '../../../lib/config.ts';
import { openDatabase, type Sql } from '../../../lib/db/client.ts';
import { putSecret } from '../../../lib/db/secrets.ts';
import type { Json } from '../../../lib/engine/types.ts';
import { createKeyring, type Keyring } from '../../../lib/secrets/seal.ts';
import { secretsKeyOf } from '../../support/secrets-key.ts';
import { createTestDatabase } from '../../support/stack.ts';

export interface SecretsKit {
  sql: Sql;
  config: Config;
  url: string;
  createOrg(): Promise<string>;
  set(keyring: Keyring, orgId: string, name: string, value: Json): Promise<void>;
  /** Key ids in use, with how many secrets each has. */
  keyIds(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

const configOf = (url: string, ids: string[]): Config =>
  readConfig({
    DATABASE_URL: url,
    REDIS_URL: 'redis://unused',
    VESPID_SECRETS_KEY: ids.map(secretsKeyOf).join(','),
  });

/** A keyring of the keys with these ids, the first of which seals. */
export function keyringOf(...ids: string[]): Keyring {
  const keyring = createKeyring(configOf('postgres://unused', ids).secretsKeys);
  if (keyring === null) throw new Error('a keyring needs a key');
  return keyring;
}

export async function openSecretsKit(): Promise<SecretsKit> {
  const database = await createTestDatabase();
  const { url } = database;
  const config = configOf(url, ['test']);
  const sql = openDatabase({ url, timeoutMs: config.databaseTimeoutMs, max: 4, prepare: true, name: 'test' });
  return {
    sql,
    config,
    url,
    async createOrg() {
      const id = randomUUID();
      await sql`INSERT INTO orgs (id, name) VALUES (${id}, 'test')`;
      return id;
    },
    async set(keyring, orgId, name, value) {
      await putSecret({ sql, config }, { orgId, name, ...keyring.seal(orgId, name, value) });
    },
    async keyIds() {
      const rows = await sql<{ key_id: string; count: number }[]>`
        SELECT key_id, count(*)::int AS count FROM secrets GROUP BY key_id`;
      return Object.fromEntries(rows.map(({ key_id: id, count }) => [id, count]));
    },
    async close() {
      await sql.end({ timeout: 1 });
      await database.drop();
    },
  };
}

/** Runs `npm run secrets:rewrap` as a process, with the database and these keys only. */
export async function runRewrap(url: string, ids: string[]) {
  const root = join(import.meta.dirname, '../../..');
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'scripts/secrets-rewrap.ts')], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: url,
      VESPID_SECRETS_KEY: ids.map(secretsKeyOf).join(','),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}
