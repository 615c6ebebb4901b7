import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../lib/db/client.ts';
import { isDatabaseUnavailable } from '../../../lib/db/failure.ts';
import { openLog } from '../../../lib/telemetry/log.ts';
import { loadSecrets } from '../../../lib/secrets/load.ts';
import { keyringOf, openSecretsKit, type SecretsKit } from './kit.ts';

let kit: SecretsKit;
let orgId: string;
beforeAll(async () => {
  kit = await openSecretsKit();
  orgId = await kit.createOrg();
});
afterAll(() => kit.close());

function loading(keyring = keyringOf('test') as ReturnType<typeof keyringOf> | null) {
  const lines: unknown[] = [];
  const log = openLog('silent', 'test');
  log.error = (line: unknown) => void lines.push(line);
  return { lines, loader: { sql: kit.sql, config: kit.config, log, keyring } };
}

describe('the secrets of a run', () => {
  it("are those it names, of its own org; what the org lacks is named in 'missing'", async () => {
    const other = await kit.createOrg();
    const keyring = keyringOf('test');
    await kit.set(keyring, orgId, 'token', 'mine');
    await kit.set(keyring, orgId, '__proto__', { a: 1 });
    await kit.set(keyring, orgId, 'not-named', 'x');
    await kit.set(keyring, other, 'token', 'theirs');
    await kit.set(keyring, other, 'only-theirs', 'theirs');
    const { loader, lines } = loading();
    const names = ['token', '__proto__', 'only-theirs', 'none', 'token'];
    const { values, missing } = await loadSecrets(loader, orgId, names);
    expect(new Map(Object.entries(values))).toEqual(
      new Map<string, unknown>([
        ['__proto__', { a: 1 }],
        ['token', 'mine'],
      ]),
    );
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
    expect(missing).toEqual(['only-theirs', 'none']);
    expect(lines).toEqual([]);
  });

  it('need no statement when it names none', async () => {
    const nowhere = openDatabase({
      url: 'postgres://127.0.0.1:1/x',
      timeoutMs: 50,
      max: 1,
      prepare: true,
      name: 'x',
    });
    try {
      const loaded = await loadSecrets({ ...loading().loader, sql: nowhere }, orgId, []);
      expect(loaded).toEqual({ values: {}, missing: [] });
      const error: unknown = await loadSecrets({ ...loading().loader, sql: nowhere }, orgId, ['a']).catch(
        (thrown: unknown) => thrown,
      );
      expect(isDatabaseUnavailable(error)).toBe(true);
    } finally {
      await nowhere.end({ timeout: 1 });
    }
  });

  it('that cannot be opened count as missing, and the log says why in one line without a value', async () => {
    await kit.set(keyringOf('lost'), orgId, 'a-lost', 'do-not-log');
    await kit.set(keyringOf('test'), orgId, 'b-moved', 'do-not-log');
    await kit.sql`UPDATE secrets SET name = 'b-renamed' WHERE name = 'b-moved'`;
    await kit.set(keyringOf('test'), orgId, 'c-fine', 'fine');
    const { loader, lines } = loading();
    const loaded = await loadSecrets(loader, orgId, ['a-lost', 'b-renamed', 'c-fine', 'none']);
    expect(loaded).toEqual({ values: { 'c-fine': 'fine' }, missing: ['a-lost', 'b-renamed', 'none'] });
    expect(lines).toEqual([
      {
        event: 'secret_unreadable',
        orgId,
        secrets: [
          { name: 'a-lost', keyId: 'lost', reason: 'unknown_key' },
          { name: 'b-renamed', keyId: 'test', reason: 'not_authentic' },
        ],
      },
    ]);
  });

  it('are missing where the deployment has no key', async () => {
    await kit.set(keyringOf('test'), orgId, 'keyless', 1);
    const { loader, lines } = loading(null);
    expect(await loadSecrets(loader, orgId, ['keyless'])).toEqual({ values: {}, missing: ['keyless'] });
    expect(lines).toMatchObject([{ secrets: [{ name: 'keyless', reason: 'no_key' }] }]);
  });

  it('take bounded memory together: four of the largest, and no more', async () => {
    const names = Array.from({ length: 6 }, (_, n) => `large-${n}`);
    const value = 'x'.repeat((64 << 10) - 2);
    for (const name of names) await kit.set(keyringOf('test'), orgId, name, value);
    const { loader, lines } = loading();
    const { values, missing } = await loadSecrets(loader, orgId, names);
    expect(Object.keys(values)).toEqual(names.slice(0, 4));
    expect(missing).toEqual(names.slice(4));
    expect(lines).toMatchObject([{ secrets: [{ reason: 'too_large' }, { reason: 'too_large' }] }]);
  });
});
