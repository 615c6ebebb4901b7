/** Signed assertions of clients (RFC 7523), verified with WebCrypto. */
import type { webcrypto } from 'node:crypto';

const bytes = (part: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(part, 'base64url'));
const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());

/** Header and payload of the assertion in a token request, whose signature must be that of the key. */
export async function verifiedAssertion(body: Record<string, string>, key: webcrypto.CryptoKey) {
  if (body['client_assertion_type'] !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') {
    throw new Error(`no assertion: ${JSON.stringify(body)}`);
  }
  const [header = '', payload = '', signature = ''] = (body['client_assertion'] ?? '').split('.');
  const algorithm =
    // By its name, the algorithm is one with a curve.
    key.algorithm.name === 'ECDSA'
      ? {
          name: 'ECDSA',
          hash: (key.algorithm as webcrypto.EcKeyAlgorithm).namedCurve === 'P-384' ? 'SHA-384' : 'SHA-256',
        }
      : key.algorithm.name;
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  if (!(await crypto.subtle.verify(algorithm, key, bytes(signature), signed)))
    throw new Error('bad signature');
  return { header: read(header), payload: read(payload) };
}
