/** The secrets that a definition names, opened: for an attempt, or to fetch what a definition refers to. */
import { bounded, type Database } from '../db/failure.ts';
import { findSealed, type SealedRow } from '../db/sealed-secrets.ts';
import { setMember } from '../engine/json.ts';
import type { Json, Secrets } from '../engine/types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Keyring, OpenFailure } from './seal.ts';

/** Of the secrets together, sealed: four of the largest. They stay in memory while a run does. */
const MAX_SEALED_LENGTH = 4 * 90_000;

type Unreadable = OpenFailure | 'too_large' | 'no_key';

interface Loading extends Database {
  log: Logger;
  /** null when the deployment has no key for secrets. */
  keyring: Keyring | null;
}

function openRow(
  keyring: Keyring | null,
  orgId: string,
  { name, key_id: keyId, sealed }: SealedRow,
): { ok: true; value: Json } | { ok: false; reason: Unreadable } {
  if (keyring === null) return { ok: false, reason: 'no_key' };
  if (sealed === null) return { ok: false, reason: 'too_large' };
  return keyring.open(orgId, name, { keyId, sealed });
}

/**
 * The org's secrets with these names (`use.secrets`). One that cannot be opened counts as missing; the log says why
 * (`secret_unreadable`), in one line for all of them.
 * @throws what a query throws that Postgres cannot serve (`isDatabaseUnavailable`)
 */
export async function loadSecrets(
  { sql, config, log, keyring }: Loading,
  orgId: string,
  names: readonly string[],
): Promise<Secrets> {
  const values: { [name: string]: Json } = {};
  const missing = new Set(names);
  if (missing.size === 0) return { values, missing: [] };
  const query = findSealed(sql, orgId, [...missing], MAX_SEALED_LENGTH);
  const unreadable: { name: string; keyId: string; reason: Unreadable }[] = [];
  for (const row of await bounded(query, config.databaseTimeoutMs)) {
    const opened = openRow(keyring, orgId, row);
    if (opened.ok) {
      setMember(values, row.name, opened.value);
      missing.delete(row.name);
    } else unreadable.push({ name: row.name, keyId: row.key_id, reason: opened.reason });
  }
  if (unreadable.length > 0) log.error({ event: 'secret_unreadable', orgId, secrets: unreadable });
  return { values, missing: [...missing] };
}
