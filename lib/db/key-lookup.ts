/** The one query of authentication. Apart from api-keys.ts, because every bundle carries it. */
import type { Scope } from '../http/route.ts';
import { bounded, type Database } from './failure.ts';

/** A key that is not revoked. */
export interface StoredKey {
  id: string;
  orgId: string;
  scopes: readonly Scope[];
  /** SHA-256 of the secret, hex. */
  secretHash: string;
}

/** The key with this id, or null when there is none or it is revoked. */
export async function findActiveKey({ sql, config }: Database, keyId: string): Promise<StoredKey | null> {
  const query = sql<{ org_id: string; scopes: Scope[]; secret_hash: string }[]>`
    SELECT org_id, array_to_json(scopes) AS scopes, secret_hash
    FROM api_keys WHERE id = ${keyId} AND revoked_at IS NULL`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return row === undefined
    ? null
    : { id: keyId, orgId: row.org_id, scopes: row.scopes, secretHash: row.secret_hash };
}
