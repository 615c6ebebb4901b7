/**
 * `npm run secrets:rewrap`: seals every secret that is under an older key of VESPID_SECRETS_KEY again with the first
 * one, so that the older ones can be dropped. Safe beside traffic and at any time; a second run finds nothing to do.
 * Exits 1 and names the secrets that cannot be opened, 78 when the configuration is not valid.
 */
import { existsSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { ConfigError, readConfig } from '../lib/config.ts';
import { openDatabase, type Sql } from '../lib/db/client.ts';
import { bounded, type Database } from '../lib/db/failure.ts';
import {
  FIRST_PLACE,
  findStored,
  pageOfSecrets,
  replaceSealed,
  type SecretPlace,
  type StoredSecret,
} from '../lib/db/sealed-secrets.ts';
import { createKeyring, type Keyring, type OpenFailure } from '../lib/secrets/seal.ts';
import { EXIT_CONFIG, reasonOf } from './migrations/command-line.ts';

/** Rows of a page: at most some 9 MB. */
const PAGE_ROWS = 100;
/** Of one secret that callers set at the same time, before it is left to the next run. */
const MAX_TRIES = 5;

type Outcome = 'resealed' | 'current' | OpenFailure | 'contended';

interface UnsealedSecret extends SecretPlace {
  keyId: string;
  reason: Exclude<Outcome, 'resealed' | 'current'>;
}

interface RewrapReport {
  /** Sealed again with the first key. */
  resealed: number;
  /** Under the first key already, or deleted meanwhile. */
  current: number;
  failed: UnsealedSecret[];
}

async function reseal(database: Database, keyring: Keyring, found: StoredSecret): Promise<Outcome> {
  const { sql, config } = database;
  const { org_id: orgId, name } = found;
  let row: StoredSecret | undefined = found;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (row === undefined || row.key_id === keyring.keyId) return 'current';
    const opened = keyring.open(orgId, name, { keyId: row.key_id, sealed: row.sealed });
    if (!opened.ok) return opened.reason;
    const replacing = replaceSealed(sql, row, keyring.seal(orgId, name, opened.value));
    if ((await bounded(replacing, config.databaseTimeoutMs)).length > 0) return 'resealed';
    // A caller has set it meanwhile, perhaps through an API that does not have the new key yet.
    [row] = await bounded(findStored(sql, { orgId, name }), config.databaseTimeoutMs);
  }
  return 'contended';
}

/** Seals every secret of the deployment with the keyring's first key. */
export async function rewrap(database: Database, keyring: Keyring): Promise<RewrapReport> {
  const report: RewrapReport = { resealed: 0, current: 0, failed: [] };
  let place: SecretPlace | null = FIRST_PLACE;
  while (place !== null) {
    const query = pageOfSecrets(database.sql, place, { keyId: keyring.keyId, limit: PAGE_ROWS });
    const rows: StoredSecret[] = await bounded(query, database.config.databaseTimeoutMs);
    for (const row of rows) {
      const outcome = await reseal(database, keyring, row);
      if (outcome === 'resealed' || outcome === 'current') report[outcome] += 1;
      else report.failed.push({ orgId: row.org_id, name: row.name, keyId: row.key_id, reason: outcome });
    }
    const last = rows.at(-1);
    place = last === undefined ? null : { orgId: last.org_id, name: last.name };
  }
  return report;
}

const REASONS: Record<UnsealedSecret['reason'], string> = {
  unknown_key: 'VESPID_SECRETS_KEY has no key of that id',
  not_authentic: 'it is damaged, or the key of that id is another one',
  contended: 'it was set again and again meanwhile; run this once more',
};

const print = (line: string): boolean => process.stdout.write(`secrets:rewrap: ${line}\n`);
const complain = (line: string): boolean => process.stderr.write(`secrets:rewrap: ${line}\n`);

/** Redis is not used here: a job needs the database and the keys only. */
function readSettings(env: NodeJS.ProcessEnv) {
  const config = readConfig({ ...env, REDIS_URL: 'redis://unused' });
  const keyring = createKeyring(config.secretsKeys);
  if (keyring === null) throw new ConfigError([{ name: 'VESPID_SECRETS_KEY', message: 'is required' }]);
  return { config, keyring };
}

function tell({ resealed, current, failed }: RewrapReport, keyId: string): void {
  print(`${resealed} sealed again with key "${keyId}", ${current} need nothing, ${failed.length} failed`);
  for (const { orgId, name, keyId: id, reason } of failed)
    complain(`org ${orgId}, secret "${name}", key "${id}": ${REASONS[reason]}`);
}

async function main(): Promise<number> {
  let sql: Sql | undefined;
  try {
    const { config, keyring } = readSettings(process.env);
    sql = openDatabase({
      url: config.databaseUrl,
      timeoutMs: config.databaseTimeoutMs,
      max: 1,
      prepare: config.databasePrepare,
      name: 'vespid-secrets-rewrap',
    });
    const report = await rewrap({ sql, config }, keyring);
    tell(report, keyring.keyId);
    return report.failed.length > 0 ? 1 : 0;
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const { name, message } of error.problems) complain(`${name} ${message}`);
      return EXIT_CONFIG;
    }
    // The messages of the driver can hold addresses, never a value.
    complain(reasonOf(error));
    return 1;
  } finally {
    await sql?.end({ timeout: 1 });
  }
}

const started = process.argv[1];
if (
  started !== undefined &&
  existsSync(started) &&
  import.meta.url === pathToFileURL(realpathSync(started)).href
) {
  process.exitCode = await main();
}
