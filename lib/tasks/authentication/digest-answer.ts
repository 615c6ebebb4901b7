/** The answer to one Digest challenge (RFC 7616, 3.4). */
import type { Challenge } from './challenges.ts';
import { sha256Hex } from './encoding.ts';
import { md5Hex } from './md5.ts';

/** What the answer is computed from, besides the challenge. */
export interface DigestFacts {
  username: string;
  password: string;
  method: string;
  /** Path and query, as in the request line. */
  uri: string;
  /** The client's nonce. */
  cnonce: string;
}

type Hash = (text: string) => string | Promise<string>;

/** SHA-512-256 is left out: WebCrypto does not have it, and hardly a service does. */
const HASHES = new Map<string, Hash>([
  ['md5', md5Hex],
  ['sha-256', sha256Hex],
]);
/** Each nonce is used once, since each request asks for its challenge. */
const NONCE_COUNT = '00000001';
const ASCII = /^[\x20-\x7e]*$/;

/** The first challenge, in the server's order of preference, that can be answered; null for none. */
export function answerable(challenges: readonly Challenge[]): Challenge | null {
  return challenges.find((challenge) => challenge.scheme === 'digest' && isAnswerable(challenge)) ?? null;
}

function isAnswerable({ parameters }: Challenge): boolean {
  const qop = qopsOf(parameters);
  return (
    parameters.has('nonce') &&
    parameters.has('realm') &&
    HASHES.has(algorithmOf(parameters).name) &&
    (qop === null || qop.includes('auth'))
  );
}

/** The parameters of the field Authorization, after `Digest `. */
export async function answerDigest({ parameters }: Challenge, facts: DigestFacts): Promise<string> {
  const { name, session } = algorithmOf(parameters);
  const hash = HASHES.get(name) ?? sha256Hex;
  const realm = parameters.get('realm') ?? '';
  const nonce = parameters.get('nonce') ?? '';
  const { username, password, method, uri, cnonce } = facts;
  const account = await hash(`${username}:${realm}:${password}`);
  const secret = session ? await hash(`${account}:${nonce}:${cnonce}`) : account;
  const request = await hash(`${method}:${uri}`);
  // Without qop the server speaks RFC 2069, the form before RFC 2617.
  const modern = qopsOf(parameters) !== null;
  const middle = modern ? `${nonce}:${NONCE_COUNT}:${cnonce}:auth` : nonce;
  const algorithm = parameters.get('algorithm');
  const opaque = parameters.get('opaque');
  return [
    await userOf(parameters, hash, username, realm),
    `realm=${quote(realm)}`,
    `uri=${quote(uri)}`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    `nonce=${quote(nonce)}`,
    ...(modern ? [`nc=${NONCE_COUNT}`, `cnonce=${quote(cnonce)}`, 'qop=auth'] : []),
    `response="${await hash(`${secret}:${middle}:${request}`)}"`,
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ...(isHashed(parameters) ? ['userhash=true'] : []),
  ].join(', ');
}

/** Hashed when the server asks for it (3.4.4), else quoted, or percent-encoded when it is not ASCII (3.4). */
async function userOf(
  parameters: Challenge['parameters'],
  hash: Hash,
  username: string,
  realm: string,
): Promise<string> {
  if (isHashed(parameters)) return `username="${await hash(`${username}:${realm}`)}"`;
  return ASCII.test(username)
    ? `username=${quote(username)}`
    : `username*=UTF-8''${encodeURIComponent(username).replaceAll(/['()*]/g, percent)}`;
}

const isHashed = (parameters: Challenge['parameters']): boolean =>
  parameters.get('userhash')?.toLowerCase() === 'true';

function algorithmOf(parameters: Challenge['parameters']): { name: string; session: boolean } {
  const text = (parameters.get('algorithm') ?? 'MD5').toLowerCase();
  const session = text.endsWith('-sess');
  return { name: session ? text.slice(0, -'-sess'.length) : text, session };
}

function qopsOf(parameters: Challenge['parameters']): string[] | null {
  const qop = parameters.get('qop');
  return qop === undefined ? null : qop.split(',').map((name) => name.trim().toLowerCase());
}

const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
