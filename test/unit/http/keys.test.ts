import { describe, expect, it } from 'vitest';
import type { StoredKey } from '../../../lib/db/key-lookup.ts';
import type { Database } from '../../../lib/db/failure.ts';
import { openKeyCache } from '../../../lib/http/keys.ts';
import { makeKey } from './app-under-test.ts';

/** A table of keys that counts how often it is asked; answers can be held back. */
function openTable(key: StoredKey) {
  const table = { rows: new Map([[key.id, key]]), asked: 0, fail: false, hold: Promise.resolve() };
  let nowMs = 0;
  const cache = openKeyCache({} as Database, {
    now: () => nowMs,
    load: async (_database, id) => {
      table.asked++;
      const row = table.rows.get(id) ?? null;
      if (table.fail) throw new Error('down');
      await table.hold;
      return row;
    },
  });
  return { table, cache, pass: (ms: number) => void (nowMs += ms) };
}

describe('the key cache', () => {
  const { stored } = makeKey(['admin']);

  it('believes a key for 5 s and not longer', async () => {
    const { table, cache, pass } = openTable(stored);
    await cache.find(stored.id);
    table.rows.clear();
    pass(4999);
    expect(await cache.find(stored.id)).toEqual(stored);
    pass(1);
    expect(await cache.find(stored.id)).toBeNull();
    expect(table.asked).toBe(2);
  });

  it('forgets a revoked key at once', async () => {
    const { table, cache } = openTable(stored);
    await cache.find(stored.id);
    table.rows.clear();
    cache.forget(stored.id);
    expect(await cache.find(stored.id)).toBeNull();
  });

  it('does not keep what was read before the revocation and arrives after it', async () => {
    const { table, cache } = openTable(stored);
    let release = (): void => {};
    table.hold = new Promise((resolve) => {
      release = resolve;
    });
    const early = cache.find(stored.id);
    table.rows.clear();
    cache.forget(stored.id);
    release();
    expect(await early).toEqual(stored);
    expect(await cache.find(stored.id)).toBeNull();
  });

  it('asks once for requests that come together', async () => {
    const { table, cache } = openTable(stored);
    await Promise.all([cache.find(stored.id), cache.find(stored.id), cache.find(stored.id)]);
    expect(table.asked).toBe(1);
  });

  it('keeps neither an unknown id nor a failure', async () => {
    const { table, cache } = openTable(stored);
    table.fail = true;
    await expect(cache.find(stored.id)).rejects.toThrow('down');
    table.fail = false;
    expect(await cache.find(stored.id)).toEqual(stored);
    expect(await cache.find('unknown')).toBeNull();
    expect(await cache.find('unknown')).toBeNull();
    expect(table.asked).toBe(4);
  });
});
