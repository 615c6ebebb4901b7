/** Orgs: the tenants. */
import { eq } from 'drizzle-orm';
import { bounded, type Database } from './failure.ts';
import { orm } from './orm.ts';
import { orgs } from './schema.ts';
import { toRfc3339 } from './time.ts';
import type { NewApiKey } from './api-keys.ts';

/** An org as callers see it. */
export interface Org {
  id: string;
  name: string;
  createdAt: string;
}

/** Creates the org and its first key in one statement: neither stands without the other. */
export async function createOrg(
  { sql, config }: Database,
  org: { id: string; name: string; key: NewApiKey },
): Promise<Org> {
  const query = sql<{ created_at: string }[]>`
    WITH org AS (
      INSERT INTO orgs (id, name) VALUES (${org.id}, ${org.name}) RETURNING id, created_at
    ), first_key AS (
      INSERT INTO api_keys (id, org_id, name, secret_hash, scopes)
      SELECT ${org.key.id}, id, ${org.key.name}, ${org.key.secretHash}, string_to_array(${org.key.scopes.join(',')}, ',')
      FROM org
    )
    SELECT created_at FROM org`;
  const [row] = await bounded(query, config.databaseTimeoutMs);
  return { id: org.id, name: org.name, createdAt: toRfc3339(row?.created_at ?? '') };
}

/** The org, or null when there is none. */
export async function findOrg(database: Database, orgId: string): Promise<Org | null> {
  const [row] = await orm(database).select().from(orgs).where(eq(orgs.id, orgId));
  return row === undefined ? null : { ...row, createdAt: toRfc3339(row.createdAt) };
}
