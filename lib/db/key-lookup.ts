/** The one query of authentication. Apart from api-keys.ts, because every bundle carries it. */
import type { Scope } from '../http/route.ts';
import { bounded, type Database } from './failure.ts';
import { toLimits, type LimitsRow, type OrgLimits } from './limits.ts';

/** A key that is not revoked. */
export interface StoredKey {
  id: string;
  orgId: string;
  scopes: readonly Scope[];
  /** SHA-256 of the secret, hex. */
  secretHash: string;
  /** Of its org. */
  limits: OrgLimits;
}

/** The key with this id, or null when there is none or it is revoked. */
export async function findActiveKey({ sql, config }: Database, keyId: string): Promise<StoredKey | null> {
  const query = sql<({ org_id: string; scopes: Scope[]; secret_hash: string } & LimitsRow)[]>`
    SELECT k.org_id, array_to_json(k.scopes) AS scopes, k.secret_hash,
      l.max_runs_in_flight, l.max_runs_queued, l.max_requests_per_minute
    FROM api_keys k LEFT JOIN org_limits l ON l.org_id = k.org_id
    WHERE k.id = ${keyId} AND k.revoked_at IS NULL`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return row === undefined
    ? null
    : {
        id: keyId,
        orgId: row.org_id,
        scopes: row.scopes,
        secretHash: row.secret_hash,
        limits: toLimits(row),
      };
}
