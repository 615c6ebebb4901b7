/** Sealing of secrets: AES-256-GCM (NIST SP 800-38D) with a key of the deployment. */
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import type { Json } from '../engine/types.ts';
import type { SecretsKey } from './keys.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A secret's value as it is stored. */
export interface Sealed {
  keyId: string;
  /** Base64 of nonce, ciphertext and tag. */
  sealed: string;
}

/** `not_authentic`: changed, cut, of another org or name, or sealed with another key of the same id. */
export type OpenFailure = 'unknown_key' | 'not_authentic';

type Opened = { ok: true; value: Json } | { ok: false; reason: OpenFailure };

export interface Keyring {
  /** Id of the key that seals. */
  readonly keyId: string;
  /** Seals a value for this place alone: it opens under no other org and no other name. */
  seal(orgId: string, name: string, value: Json): Sealed;
  open(orgId: string, name: string, row: Sealed): Opened;
}

/** What the tag vouches for besides the value. Neither part can hold the separator. */
const placeOf = (orgId: string, name: string): Buffer => Buffer.from(`${orgId.toLowerCase()}\n${name}`);

function seal(key: KeyObject, place: Buffer, value: Json): string {
  // Random: at 96 bits good for 2^32 seals with one key (SP 800-38D, section 8.3).
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(place);
  const parts = [nonce, cipher.update(JSON.stringify(value), 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(parts).toString('base64');
}

/** The text of the value; null when it is not authentic. */
function open(key: KeyObject, place: Buffer, sealed: string): string | null {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const end = bytes.length - TAG_BYTES;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(place).setAuthTag(bytes.subarray(end));
  const text = decipher.update(bytes.subarray(NONCE_BYTES, end), undefined, 'utf8');
  try {
    return text + decipher.final('utf8');
  } catch {
    return null;
  }
}

/**
 * The deployment's keys at work; null when it has none.
 * @param keys the first seals, all open
 */
export function createKeyring(keys: readonly SecretsKey[]): Keyring | null {
  const [first] = keys;
  if (first === undefined) return null;
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    keyId: first.id,
    seal: (orgId, name, value) => ({
      keyId: first.id,
      sealed: seal(first.key, placeOf(orgId, name), value),
    }),
    open(orgId, name, { keyId, sealed }) {
      const key = byId.get(keyId);
      if (key === undefined) return { ok: false, reason: 'unknown_key' };
      const text = open(key, placeOf(orgId, name), sealed);
      if (text === null) return { ok: false, reason: 'not_authentic' };
      // Authentic, so it is the JSON that was sealed.
      return { ok: true, value: JSON.parse(text) as Json };
    },
  };
}
