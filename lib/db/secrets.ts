/** Secrets as callers see them: never their values. Those are in sealed-secrets.ts. */
import { and, desc, eq, sql } from 'drizzle-orm';
import type { Sealed } from '../secrets/seal.ts';
import { bounded, type Database } from './failure.ts';
import { orm } from './orm.ts';
import { secrets } from './schema.ts';
import { toRfc3339 } from './time.ts';

export interface Secret {
  name: string;
  createdAt: string;
  /** When the value was last set. */
  updatedAt: string;
}

/** What secrets are listed by. */
export type SecretKeyOfList = Pick<Secret, 'createdAt' | 'name'>;

const columns = { name: secrets.name, createdAt: secrets.createdAt, updatedAt: secrets.updatedAt };

const toSecret = ({ name, createdAt, updatedAt }: Secret): Secret => ({
  name,
  createdAt: toRfc3339(createdAt),
  updatedAt: toRfc3339(updatedAt),
});

const named = (orgId: string, name: string) => and(eq(secrets.orgId, orgId), eq(secrets.name, name));

/** Stores a secret under its name, in place of an earlier value. */
export async function putSecret(
  { sql: connection, config }: Database,
  { orgId, name, keyId, sealed }: Sealed & { orgId: string; name: string },
): Promise<{ secret: Secret; created: boolean }> {
  // xmax is 0 in a row that was inserted, not updated.
  const query = connection<{ created_at: string; updated_at: string; created: boolean }[]>`
    INSERT INTO secrets (org_id, name, key_id, sealed) VALUES (${orgId}, ${name}, ${keyId}, ${sealed})
    ON CONFLICT (org_id, name) DO UPDATE
      SET key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, updated_at = GREATEST(now(), secrets.created_at)
    RETURNING created_at, updated_at, xmax = 0 AS created`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  if (row === undefined) throw new Error('the insert returned no row');
  const secret = toSecret({ name, createdAt: row.created_at, updatedAt: row.updated_at });
  return { secret, created: row.created };
}

/** The secret without its value; null when the org has none of that name. */
export async function findSecret(database: Database, orgId: string, name: string): Promise<Secret | null> {
  const [row] = await orm(database).select(columns).from(secrets).where(named(orgId, name));
  return row === undefined ? null : toSecret(row);
}

/** The org's secrets, newest first: at most `limit` after `before`. */
export async function listSecrets(
  database: Database,
  orgId: string,
  { limit, before }: { limit: number; before: SecretKeyOfList | null },
): Promise<Secret[]> {
  const older =
    before === null
      ? undefined
      : sql`(${secrets.createdAt}, ${secrets.name}) < (${before.createdAt}::timestamptz, ${before.name})`;
  const rows = await orm(database)
    .select(columns)
    .from(secrets)
    .where(and(eq(secrets.orgId, orgId), older))
    .orderBy(desc(secrets.createdAt), desc(secrets.name))
    .limit(limit);
  return rows.map(toSecret);
}

/** Removes a secret; false when the org has none of that name. */
export async function deleteSecret(database: Database, orgId: string, name: string): Promise<boolean> {
  const rows = await orm(database)
    .delete(secrets)
    .where(named(orgId, name))
    .returning({ name: secrets.name });
  return rows.length > 0;
}
