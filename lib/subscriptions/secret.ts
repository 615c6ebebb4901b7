/** The secret that signs what a subscription is sent: shown once, kept sealed. */
import { randomBytes } from 'node:crypto';
import type { Json } from '../engine/types.ts';
import type { Keyring, OpenFailure, Sealed } from '../secrets/seal.ts';

/** Of key, as Standard Webhooks asks for (24 to 64 bytes). */
const SECRET_BYTES = 32;

/** A new secret in the form of Standard Webhooks: `whsec_` and the key in base64. */
export const newSigningSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;

/** No secret of an org has a colon in its name, so that neither can stand in for the other. */
const placeOf = (subscriptionId: string): string => `subscription:${subscriptionId.toLowerCase()}`;

/** Seals the secret for this subscription alone. */
export const sealSigningSecret = (
  keyring: Keyring,
  { orgId, id }: { orgId: string; id: string },
  secret: string,
): Sealed => keyring.seal(orgId, placeOf(id), secret);

/** The secret; says why when it cannot be opened. */
export function openSigningSecret(
  keyring: Keyring | null,
  { orgId, id }: { orgId: string; id: string },
  sealed: Sealed,
): { ok: true; secret: string } | { ok: false; reason: OpenFailure | 'no_key' } {
  if (keyring === null) return { ok: false, reason: 'no_key' };
  const opened = keyring.open(orgId, placeOf(id), sealed);
  if (!opened.ok) return opened;
  const value: Json = opened.value;
  return typeof value === 'string' ? { ok: true, secret: value } : { ok: false, reason: 'not_authentic' };
}
