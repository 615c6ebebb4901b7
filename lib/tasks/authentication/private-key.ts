/** A client's private key for signed assertions, from text. */
import type { PrivateKey } from 'oauth4webapi';
import { isJsonObject } from '../../engine/json.ts';
import type { Json } from '../types.ts';

type Algorithm =
  | { readonly name: 'RSASSA-PKCS1-v1_5'; readonly hash: string }
  | { readonly name: 'ECDSA'; readonly namedCurve: string };

const RS256: Algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
/** By the name of the algorithm, or of the curve, in a JWK (RFC 7518, 3.1 and 6.2.1.1). */
const ALGORITHMS = new Map<unknown, Algorithm>([
  ['RS256', RS256],
  ['RS384', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }],
  ['RS512', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }],
  ['P-256', { name: 'ECDSA', namedCurve: 'P-256' }],
  ['P-384', { name: 'ECDSA', namedCurve: 'P-384' }],
  ['P-521', { name: 'ECDSA', namedCurve: 'P-521' }],
]);
/** PKCS #8 says what the key is for, so that at most one of these takes it. */
const PKCS8_ALGORITHMS = ['RS256', 'P-256', 'P-384', 'P-521'];
const PEM = /^\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/;
const MAX_LENGTH = 16_384;

/**
 * @param text PKCS #8 in PEM (RFC 7468, 10), or a JWK (RFC 7517), whose `kid` then names the key
 * @returns null when it is neither, or of another kind than RSA or a NIST curve
 */
export async function importPrivateKey(text: string): Promise<PrivateKey | null> {
  if (text.length > MAX_LENGTH) return null;
  const pem = PEM.exec(text)?.[1];
  return pem === undefined ? importJwk(text) : importPkcs8(pem.replaceAll(/\s/g, ''));
}

async function importPkcs8(base64: string): Promise<PrivateKey | null> {
  for (const name of PKCS8_ALGORITHMS) {
    try {
      const bytes = Uint8Array.from(atob(base64), (unit) => unit.charCodeAt(0));
      const algorithm = ALGORITHMS.get(name) ?? RS256;
      return { key: await crypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']) };
    } catch {
      // Not a key of this kind.
    }
  }
  return null;
}

async function importJwk(text: string): Promise<PrivateKey | null> {
  try {
    // JSON.parse returns `any`; by RFC 8259 it is a Json.
    const jwk = JSON.parse(text) as Json;
    if (!isJsonObject(jwk)) return null;
    const algorithm =
      jwk['kty'] === 'RSA' ? ALGORITHMS.get(jwk['alg'] ?? 'RS256') : ALGORITHMS.get(jwk['crv']);
    if (algorithm === undefined) return null;
    const { use: _use, key_ops: _operations, ...key } = jwk;
    const kid = typeof jwk['kid'] === 'string' ? { kid: jwk['kid'] } : {};
    return { key: await crypto.subtle.importKey('jwk', key, algorithm, false, ['sign']), ...kid };
  } catch {
    return null;
  }
}
