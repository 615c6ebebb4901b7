/** The keys that seal secrets, as `VESPID_SECRETS_KEY` gives them. */
import { createSecretKey, type KeyObject } from 'node:crypto';

export interface SecretsKey {
  id: string;
  /** 256 bits. An opaque object: logging it shows nothing. */
  key: KeyObject;
}

type Parsed = { ok: true; keys: SecretsKey[] } | { ok: false; problems: string[] };

const ID = /^[A-Za-z0-9_-]{1,64}$/;
/** 32 bytes in base64 or base64url (RFC 4648, sections 4 and 5), the padding optional. */
const KEY = /^[A-Za-z0-9+/_-]{43}=?$/;

/**
 * Parses `keyId:base64,…`: the first key seals, all of them open.
 * @returns the keys, or every problem by the number of its entry; nothing of the text is repeated
 */
export function parseSecretsKeys(text: string): Parsed {
  const keys: SecretsKey[] = [];
  const problems: string[] = [];
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) problems.push('must name at least one key, as keyId:base64');
  for (const [index, entry] of entries.entries()) {
    const problem = problemOf(entry, keys);
    if (problem !== null) problems.push(`entry ${index + 1} ${problem}`);
    else keys.push(toKey(entry));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, keys };
}

function split(entry: string): [id: string, material: string] {
  const colon = entry.indexOf(':');
  return [entry.slice(0, Math.max(colon, 0)), entry.slice(colon + 1)];
}

function toKey(entry: string): SecretsKey {
  const [id, material] = split(entry);
  return { id, key: createSecretKey(Buffer.from(material, 'base64')) };
}

function problemOf(entry: string, before: readonly SecretsKey[]): string | null {
  if (!entry.includes(':')) return 'must be keyId:base64';
  const [id, material] = split(entry);
  if (!ID.test(id)) return 'must have a key id of 1 to 64 letters, digits, "_" or "-" before the colon';
  if (!KEY.test(material)) return 'must have 32 bytes in base64 after the colon (openssl rand -base64 32)';
  if (before.some((other) => other.id === id)) return 'repeats the key id of an earlier entry';
  const { key } = toKey(entry);
  if (before.some((other) => other.key.equals(key))) return 'repeats the key of an earlier entry';
  return null;
}
