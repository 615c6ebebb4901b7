/** Where an authority issues tokens, as its metadata says (OpenID Connect Discovery 1.0, 4; RFC 8414, 3). */
import { member } from '../../engine/json.ts';
import { parseJson } from '../call-http-json.ts';
import { askAuthority, TokenFailure } from './token-failure.ts';
import { isMetadataUrl, type TokenSettings } from './token-settings.ts';
import type { Caller } from './types.ts';

const OPENID_CONFIGURATION = '.well-known/openid-configuration';

export interface Authority {
  tokenEndpoint: string;
  /** null when there is no metadata. */
  issuer: string | null;
}

/**
 * The token endpoint: relative to the authority, or from its metadata. The issuer in the metadata must be one of
 * `issuers`, or the authority itself when there are none (OpenID Connect Discovery, 4.3).
 * @throws {TokenFailure} when the metadata cannot be had or is not to be trusted
 */
export async function findAuthority(
  settings: TokenSettings,
  caller: Pick<Caller, 'http'>,
  signal: AbortSignal,
): Promise<Authority> {
  const { authority, tokenEndpoint } = settings;
  if (tokenEndpoint === null) return discover(settings, caller, signal);
  if (/^https?:\/\//i.test(tokenEndpoint)) return { tokenEndpoint, issuer: null };
  const url = new URL(authority);
  url.search = '';
  url.hash = '';
  return { tokenEndpoint: joined(url.href, tokenEndpoint), issuer: null };
}

async function discover(
  { authority, issuers }: TokenSettings,
  caller: Pick<Caller, 'http'>,
  signal: AbortSignal,
): Promise<Authority> {
  const url = isMetadataUrl(authority) ? authority : joined(authority, OPENID_CONFIGURATION);
  const request = { method: 'GET', url, headers: { accept: 'application/json' }, followRedirects: false };
  const { host, protocol } = new URL(url);
  const response = await askAuthority(caller, request, signal);
  const parsed = parseJson(response.body);
  if (!parsed.ok) throw untrusted(`The metadata of the authority ${host} cannot be read: ${parsed.problem}.`);
  const issuer = member(parsed.value, 'issuer');
  const tokenEndpoint = member(parsed.value, 'token_endpoint');
  if (typeof issuer !== 'string' || typeof tokenEndpoint !== 'string' || !URL.canParse(tokenEndpoint)) {
    throw untrusted(`The metadata of the authority ${host} has no \`issuer\` or no \`token_endpoint\`.`);
  }
  const expected = issuers.length > 0 ? issuers : [authority.replace(/\/\.well-known\/[^/]+$/, '')];
  if (!expected.some((known) => sameIssuer(known, issuer))) {
    throw untrusted(
      `The metadata of the authority ${host} has another \`issuer\` than ${issuers.length > 0 ? '`issuers` allows' : '`authority`; list it in `issuers`'}.`,
    );
  }
  if (protocol === 'https:' && new URL(tokenEndpoint).protocol !== 'https:') {
    throw untrusted(`The metadata of the authority ${host} has a \`token_endpoint\` without TLS.`);
  }
  return { tokenEndpoint, issuer };
}

/** Equal text, but for a slash at the end, which people leave out. */
export function sameIssuer(a: string, b: string): boolean {
  return a.replace(/\/$/, '') === b.replace(/\/$/, '');
}

/** With one slash between. */
const joined = (base: string, path: string): string =>
  `${base.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;

const untrusted = (detail: string): TokenFailure => new TokenFailure('authentication', detail);
