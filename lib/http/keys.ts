/** A short cache in front of the table of API keys. */
import type { Database } from '../db/failure.ts';
import { findActiveKey, type StoredKey } from '../db/key-lookup.ts';

/** How long a key that was found is believed, ms: a revocation in another process is seen after that. */
const TTL_MS = 5000;
/** Beyond it the oldest entry goes. */
const MAX_ENTRIES = 10_000;

export interface KeyCache {
  /** The key that is not revoked, or null. Concurrent requests for one key share a query. */
  find(keyId: string): Promise<StoredKey | null>;
  /** The key was revoked by this process: the next request asks the database. */
  forget(keyId: string): void;
}

interface Entry {
  key: Promise<StoredKey | null>;
  /** By `now()`. */
  loadedAtMs: number;
}

/** Only keys that exist are kept; what is unknown or failed is asked again. */
export function openKeyCache(
  database: Database,
  {
    now = () => performance.now(),
    load = findActiveKey,
  }: { now?: () => number; load?: typeof findActiveKey } = {},
): KeyCache {
  const entries = new Map<string, Entry>();

  function start(keyId: string): Entry {
    const entry: Entry = { key: load(database, keyId), loadedAtMs: now() };
    const drop = (): void => {
      if (entries.get(keyId) === entry) entries.delete(keyId);
    };
    entry.key.then((key) => key ?? drop(), drop);
    entries.delete(keyId);
    entries.set(keyId, entry);
    const oldest = entries.keys().next();
    if (entries.size > MAX_ENTRIES && !oldest.done) entries.delete(oldest.value);
    return entry;
  }

  return {
    async find(keyId) {
      const known = entries.get(keyId);
      const entry = known !== undefined && now() - known.loadedAtMs < TTL_MS ? known : start(keyId);
      return entry.key;
    },
    forget: (keyId) => void entries.delete(keyId),
  };
}
