import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lib/engine/types.ts';
import { parseSecretsKeys } from '../../../lib/secrets/keys.ts';
import { createKeyring, type Keyring } from '../../../lib/secrets/seal.ts';
import { secretsKeyOf } from '../../support/secrets-key.ts';

const ORG = '0198c0de-0000-7000-8000-000000000001';
const OTHER_ORG = '0198c0de-0000-7000-8000-000000000002';

function keyringOf(...entries: string[]): Keyring {
  const parsed = parseSecretsKeys(entries.join(','));
  const keyring = parsed.ok ? createKeyring(parsed.keys) : null;
  if (keyring === null) throw new Error('the keys of the test are not valid');
  return keyring;
}

const NEW = secretsKeyOf('new');
const OLD = secretsKeyOf('old');

describe('a sealed secret', () => {
  const values: Json[] = [
    null,
    0,
    '',
    'grüße 🔑',
    '\ud800',
    { user: 'a', nested: [1, { b: 'c' }] },
    JSON.parse('{"__proto__":{"x":1}}') as Json,
  ];
  it.each(values.map((value) => [JSON.stringify(value), value]))('opens as it was: %s', (_text, value) => {
    const keyring = keyringOf(NEW);
    expect(keyring.open(ORG, 'x', keyring.seal(ORG, 'x', value))).toEqual({ ok: true, value });
  });

  it('is never the same text twice, and does not hold the value', () => {
    const keyring = keyringOf(NEW);
    const texts = Array.from({ length: 50 }, () => keyring.seal(ORG, 'x', 'correct horse').sealed);
    expect(new Set(texts).size).toBe(50);
    expect(Buffer.from(texts[0] ?? '', 'base64').toString('latin1')).not.toContain('correct horse');
  });

  it('opens under its own org and name alone', () => {
    const keyring = keyringOf(NEW);
    const row = keyring.seal(ORG, 'x', 'value');
    const failure = { ok: false, reason: 'not_authentic' };
    expect(keyring.open(OTHER_ORG, 'x', row)).toEqual(failure);
    expect(keyring.open(ORG, 'y', row)).toEqual(failure);
    expect(keyring.open(ORG.toUpperCase(), 'x', row).ok).toBe(true);
  });

  it('does not open when any of its bytes is changed, or it is cut', () => {
    const keyring = keyringOf(NEW);
    const { keyId, sealed } = keyring.seal(ORG, 'x', 'value');
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((bytes[at] ?? 0) ^ 1, at);
      const texts = [changed, bytes.subarray(0, at)].map((part) => part.toString('base64'));
      for (const text of texts) {
        const opened = keyring.open(ORG, 'x', { keyId, sealed: text });
        expect(opened).toEqual({ ok: false, reason: 'not_authentic' });
      }
    }
  });

  it('opens after a rotation while its key is still listed; new ones are sealed with the first key', () => {
    const row = keyringOf(OLD).seal(ORG, 'x', 'value');
    const rotated = keyringOf(NEW, OLD);
    expect(rotated.open(ORG, 'x', row)).toEqual({ ok: true, value: 'value' });
    expect(rotated.seal(ORG, 'x', 'value').keyId).toBe('new');
    expect(keyringOf(NEW).open(ORG, 'x', row)).toEqual({ ok: false, reason: 'unknown_key' });
    expect(keyringOf(secretsKeyOf('old2').replace('old2', 'old')).open(ORG, 'x', row)).toEqual({
      ok: false,
      reason: 'not_authentic',
    });
  });
});

it('a deployment without a key has no keyring', () => {
  expect(createKeyring([])).toBeNull();
});
