import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadSecrets } from '../../../lib/secrets/load.ts';
import { insertSubscription } from '../../../lib/db/events/subscriptions.ts';
import { openSigningSecret, sealSigningSecret } from '../../../lib/subscriptions/secret.ts';
import { rewrap } from '../../../scripts/secrets-rewrap.ts';
import { openLog } from '../../../lib/telemetry/log.ts';
import { keyringOf, openSecretsKit, runRewrap, type SecretsKit } from './kit.ts';

let kit: SecretsKit;
beforeAll(async () => {
  kit = await openSecretsKit();
});
afterAll(() => kit.close());
afterEach(async () => {
  await kit.sql`DELETE FROM secrets`;
});

const log = openLog('silent', 'test');

describe('npm run secrets:rewrap', () => {
  it('makes the old key dispensable: every secret of every org opens with the new one alone', async () => {
    const orgs = await Promise.all([kit.createOrg(), kit.createOrg(), kit.createOrg()]);
    const old = keyringOf('old');
    // More than two pages of one org, and secrets that are under the new key already.
    const names = Array.from({ length: 230 }, (_, n) => `secret-${n}`);
    for (const orgId of orgs) {
      await Promise.all(names.map((name) => kit.set(old, orgId, name, { of: orgId, name })));
      await kit.set(keyringOf('new', 'old'), orgId, 'young', 'y');
    }
    const [updatedAt] = await kit.sql<
      { times: string }[]
    >`SELECT json_agg(updated_at ORDER BY org_id, name)::text AS times FROM secrets`;

    const first = await runRewrap(kit.url, ['new', 'old']);
    expect(first).toEqual({
      code: 0,
      out: 'secrets:rewrap: 690 sealed again with key "new", 3 need nothing, 0 failed\n',
      err: '',
    });
    expect(await kit.keyIds()).toEqual({ new: 693 });
    for (const orgId of orgs) {
      const loaded = await loadSecrets({ ...kit, log, keyring: keyringOf('new') }, orgId, [
        ...names,
        'young',
      ]);
      expect(loaded.missing).toEqual([]);
      expect(loaded.values['secret-7']).toEqual({ of: orgId, name: 'secret-7' });
      expect(loaded.values['young']).toBe('y');
    }
    const [after] = await kit.sql<
      { times: string }[]
    >`SELECT json_agg(updated_at ORDER BY org_id, name)::text AS times FROM secrets`;
    expect(after).toEqual(updatedAt);
    const again = await runRewrap(kit.url, ['new']);
    expect(again.out).toContain('0 sealed again with key "new", 693 need nothing, 0 failed');
  });

  it('takes the signing secrets of subscriptions along', async () => {
    const place = { orgId: await kit.createOrg(), id: randomUUID() };
    const { keyId, sealed } = sealSigningSecret(keyringOf('old'), place, 'whsec_of-the-test');
    await insertSubscription(kit, {
      ...place,
      keyId,
      sealed,
      url: 'https://example.com/',
      types: ['*'],
      lifecycle: true,
      createdBy: 'test',
    });
    const report = await rewrap(kit, keyringOf('new', 'old'));
    expect(report).toEqual({ resealed: 1, current: 0, failed: [] });
    const [row] = await kit.sql<
      { keyId: string; sealed: string }[]
    >`SELECT key_id AS "keyId", sealed FROM event_subscriptions WHERE id = ${place.id}`;
    const opened = openSigningSecret(keyringOf('new'), place, row ?? { keyId, sealed });
    expect(opened).toEqual({ ok: true, secret: 'whsec_of-the-test' });
    await kit.sql`DELETE FROM event_subscriptions`;
  });

  it('exits 1 and names the secrets whose key is unknown or wrong; the others are done', async () => {
    const orgId = await kit.createOrg();
    await kit.set(keyringOf('lost'), orgId, 'a-lost', 'do-not-print');
    await kit.set(keyringOf('old'), orgId, 'b-fine', 1);
    await kit.set(keyringOf('old'), orgId, 'c-moved', 1);
    await kit.sql`UPDATE secrets SET name = 'c-renamed' WHERE name = 'c-moved'`;
    const { code, out, err } = await runRewrap(kit.url, ['new', 'old']);
    expect(code).toBe(1);
    expect(out).toContain('1 sealed again with key "new", 0 need nothing, 2 failed');
    expect(err.split('\n')).toEqual([
      `secrets:rewrap: org ${orgId}, secret "a-lost", key "lost": VESPID_SECRETS_KEY has no key of that id`,
      `secrets:rewrap: org ${orgId}, secret "c-renamed", key "old": it is damaged, or the key of that id is another one`,
      '',
    ]);
    expect(out + err).not.toContain('do-not-print');
    expect(await kit.keyIds()).toEqual({ lost: 1, new: 1, old: 1 });
  });

  it('exits 78 without a key', async () => {
    const { code, err } = await runRewrap(kit.url, []);
    expect({ code, err }).toEqual({ code: 78, err: 'secrets:rewrap: VESPID_SECRETS_KEY is required\n' });
  });

  it('never brings back a value that a caller has replaced meanwhile', async () => {
    const orgId = await kit.createOrg();
    const old = keyringOf('old');
    const names = Array.from({ length: 60 }, (_, n) => `s${n}`);
    await Promise.all(names.map((name) => kit.set(old, orgId, name, 'first')));
    // An API that does not have the new key yet sets every secret while they are sealed again.
    const [report] = await Promise.all([
      rewrap(kit, keyringOf('new', 'old')),
      ...names.toReversed().map((name) => kit.set(old, orgId, name, 'second')),
    ]);
    expect(report.failed).toEqual([]);
    const loaded = await loadSecrets({ ...kit, log, keyring: keyringOf('new', 'old') }, orgId, names);
    expect(new Set(Object.values(loaded.values))).toEqual(new Set(['second']));
    expect(Object.keys(loaded.values)).toHaveLength(names.length);
  });
});
