/** API keys. The secret is not here: only its hash is stored. */
import { and, desc, eq, lt } from 'drizzle-orm';
import type { Scope } from '../http/route.ts';
import { bounded, type Database } from './failure.ts';
import { orm } from './orm.ts';
import { apiKeys } from './schema.ts';
import { toRfc3339 } from './time.ts';

export interface NewApiKey {
  id: string;
  name: string | null;
  /** SHA-256 of the secret, hex. */
  secretHash: string;
  scopes: readonly Scope[];
}

/** A key as callers see it. */
export interface ApiKey {
  id: string;
  name: string | null;
  scopes: readonly Scope[];
  createdAt: string;
  revokedAt: string | null;
}

/** Stores a key of the org. */
export async function createApiKey(database: Database, orgId: string, key: NewApiKey): Promise<ApiKey> {
  const [row] = await orm(database)
    .insert(apiKeys)
    .values({ ...key, orgId, scopes: [...key.scopes] })
    .returning({ createdAt: apiKeys.createdAt });
  const { id, name, scopes } = key;
  return { id, name, scopes, createdAt: toRfc3339(row?.createdAt ?? ''), revokedAt: null };
}

/** The org's keys, revoked ones too, newest first: at most `limit` with an id before `before`. */
export async function listApiKeys(
  database: Database,
  orgId: string,
  page: { limit: number; before: string | null },
): Promise<ApiKey[]> {
  const rows = await orm(database)
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.orgId, orgId), page.before === null ? undefined : lt(apiKeys.id, page.before)))
    .orderBy(desc(apiKeys.id))
    .limit(page.limit);
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    // Written by this program alone, from the closed list.
    scopes: row.scopes as Scope[],
    createdAt: toRfc3339(row.createdAt),
    revokedAt: toRfc3339(row.revokedAt),
  }));
}

/**
 * Revokes a key; again is no error. The last key with scope `admin` stays: without it nobody could make keys.
 * The rows of all admin keys are locked in order, so that two revocations cannot each count on the other's key.
 */
export async function revokeApiKey(
  { sql, config }: Database,
  orgId: string,
  keyId: string,
): Promise<'revoked' | 'last_admin' | 'not_found'> {
  const query = sql<{ revoked: boolean }[]>`
    WITH admins AS (
      SELECT id FROM api_keys
      WHERE org_id = ${orgId} AND revoked_at IS NULL AND 'admin' = ANY (scopes)
      ORDER BY id FOR UPDATE
    ), revoked AS (
      UPDATE api_keys SET revoked_at = COALESCE(revoked_at, now())
      WHERE org_id = ${orgId} AND id = ${keyId} AND (
        revoked_at IS NOT NULL OR NOT 'admin' = ANY (scopes)
        OR EXISTS (SELECT 1 FROM admins WHERE admins.id <> ${keyId})
      )
      RETURNING id
    )
    SELECT EXISTS (SELECT 1 FROM revoked) AS revoked FROM api_keys WHERE org_id = ${orgId} AND id = ${keyId}`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  if (row === undefined) return 'not_found';
  return row.revoked ? 'revoked' : 'last_admin';
}
