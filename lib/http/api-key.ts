/** The text of an API key: `vsp_<id>_<secret>`. */
import { hash, randomBytes } from 'node:crypto';

/** The id is the UUID without dashes; the secret is 32 random bytes in base64url (and may contain `_`). */
const FORMAT = /^vsp_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** SHA-256 of the secret, hex: what is stored. The secret is random, so a slow hash would add nothing. */
export const hashSecret = (secret: string): string => hash('sha256', secret);

/** Makes the key of that id: the text to show once and the hash to store. */
export function makeApiKey(keyId: string): { text: string; secretHash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { text: `vsp_${keyId.replaceAll('-', '')}_${secret}`, secretHash: hashSecret(secret) };
}

/** The parts of a key's text, or null when it has another form. */
export function parseApiKey(text: string): { keyId: string; secret: string } | null {
  const parts = FORMAT.exec(text);
  if (parts === null) return null;
  return { keyId: parts.slice(1, 6).join('-'), secret: parts[6] ?? '' };
}
