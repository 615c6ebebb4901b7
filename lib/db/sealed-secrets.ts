/** The sealed values of secrets: for the worker, which opens them, and for the change of keys. */
import type { Sealed } from '../secrets/seal.ts';
import type { Sql } from './client.ts';

export interface SealedRow {
  name: string;
  key_id: string;
  /** null: beyond `maxLength`. */
  sealed: string | null;
}

/**
 * The org's secrets with these names, by name; names that it does not have are left out.
 * @param maxLength of the sealed texts together; beyond it only names and key ids come
 */
export const findSealed = (sql: Sql, orgId: string, names: readonly string[], maxLength: number) => sql<
  SealedRow[]
>`
  SELECT name, key_id, CASE WHEN sum(octet_length(sealed)) OVER (ORDER BY name) <= ${maxLength} THEN sealed END AS sealed
  FROM secrets WHERE org_id = ${orgId} AND name = ANY(${[...names]}::text[])
  ORDER BY name`;

/** Where a page of all secrets of the deployment goes on. */
export interface SecretPlace {
  orgId: string;
  name: string;
}

export interface StoredSecret {
  org_id: string;
  name: string;
  key_id: string;
  sealed: string;
}

/** Before every other place. */
export const FIRST_PLACE: SecretPlace = { orgId: '00000000-0000-0000-0000-000000000000', name: '' };

/**
 * Everything that is sealed: secrets under their names, and the signing secrets of subscriptions under
 * `subscription:<id>` (lib/subscriptions/secret.ts), which no secret can be called.
 */
const everySealed = (sql: Sql) => sql`
  SELECT org_id, name, key_id, sealed FROM secrets
  UNION ALL SELECT org_id, 'subscription:' || id::text, key_id, sealed FROM event_subscriptions`;

/** A page of what every org has sealed, after a place, in the order of org and name. `sealed` is empty under `keyId`. */
export const pageOfSecrets = (
  sql: Sql,
  { orgId, name }: SecretPlace,
  { keyId, limit }: { keyId: string; limit: number },
) => sql<StoredSecret[]>`
  SELECT org_id, name, key_id, CASE WHEN key_id = ${keyId} THEN '' ELSE sealed END AS sealed
  FROM (${everySealed(sql)}) s WHERE (org_id, name) > (${orgId}, ${name})
  ORDER BY org_id, name LIMIT ${limit}`;

/** Puts a newly sealed text in the place of another, of the same value: `updated_at` stays. No row: it has changed. */
export const replaceSealed = (sql: Sql, row: StoredSecret, { keyId, sealed }: Sealed) => sql<
  { name: string }[]
>`
  WITH s AS (
    UPDATE secrets SET key_id = ${keyId}, sealed = ${sealed}
    WHERE org_id = ${row.org_id} AND name = ${row.name} AND key_id = ${row.key_id} AND sealed = ${row.sealed}
    RETURNING name
  ), e AS (
    UPDATE event_subscriptions SET key_id = ${keyId}, sealed = ${sealed}
    WHERE org_id = ${row.org_id} AND 'subscription:' || id::text = ${row.name} AND key_id = ${row.key_id}
      AND sealed = ${row.sealed}
    RETURNING ${row.name}::text AS name
  )
  SELECT name FROM s UNION ALL SELECT name FROM e`;

/** One sealed value as it is stored now. */
export const findStored = (sql: Sql, { orgId, name }: SecretPlace) => sql<StoredSecret[]>`
  SELECT org_id, name, key_id, sealed FROM (${everySealed(sql)}) s WHERE org_id = ${orgId} AND name = ${name}`;
