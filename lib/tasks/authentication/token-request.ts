/** One request to a token endpoint, and what its answer is worth (RFC 6749, 5.1). */
import { member } from '../../engine/json.ts';
import type { HttpResponse } from '../../engine/types.ts';
import { parseJson } from '../call-http-json.ts';
import type { Json } from '../types.ts';
import { TOKEN } from './bearer.ts';
import { authenticateClient } from './client-authentication.ts';
import { findAuthority, sameIssuer } from './discovery.ts';
import { fromBase64Url } from './encoding.ts';
import { askAuthority, TokenFailure } from './token-failure.ts';
import type { TokenSettings } from './token-settings.ts';
import type { Caller } from './types.ts';

export interface IssuedToken {
  token: string;
  /** null when the authority does not say. */
  lifeMs: number | null;
}

/** Longer ones do not fit into a header field of a request. */
const MAX_TOKEN_LENGTH = 16_384;
/** `N_A` is what a token exchange may answer (RFC 8693, 2.2.1). */
const TOKEN_TYPES = new Set(['bearer', 'n_a']);

/**
 * Has a token issued.
 * @throws {TokenFailure}
 */
export async function requestToken(
  settings: TokenSettings,
  caller: Pick<Caller, 'http' | 'nowMs'>,
  signal: AbortSignal,
): Promise<IssuedToken> {
  const { tokenEndpoint: url, issuer } = await findAuthority(settings, caller, signal);
  const parameters = new URLSearchParams(settings.parameters);
  const headers: Record<string, string> = { accept: 'application/json' };
  const nowMs = caller.nowMs();
  await authenticateClient(settings.client, { parameters, headers, audience: issuer ?? url, nowMs });
  const form = settings.encoding === 'form';
  headers['content-type'] = form ? 'application/x-www-form-urlencoded' : 'application/json';
  const body = form ? parameters.toString() : JSON.stringify(Object.fromEntries(parameters));
  const request = { method: 'POST', url, headers, body, followRedirects: false };
  const response = await askAuthority(caller, request, signal, (refusal) => {
    const parsed = parseJson(refusal.body);
    return parsed.ok ? member(parsed.value, 'error') : null;
  });
  return tokenOf(response, new URL(url).host, settings.issuers);
}

function tokenOf(response: HttpResponse, host: string, issuers: readonly string[]): IssuedToken {
  const refuse = (problem: string): TokenFailure =>
    new TokenFailure('authentication', `The answer of the authority ${host} is not usable: ${problem}.`);
  const parsed = parseJson(response.body);
  if (!parsed.ok) throw refuse(parsed.problem);
  const token = member(parsed.value, 'access_token');
  if (typeof token !== 'string') throw refuse('it has no `access_token`');
  if (token.length > MAX_TOKEN_LENGTH)
    throw refuse(`its token is longer than ${MAX_TOKEN_LENGTH} characters`);
  if (!TOKEN.test(token)) throw refuse('its token is empty or has a character that no token may have');
  const type = member(parsed.value, 'token_type') ?? 'bearer';
  if (typeof type !== 'string' || !TOKEN_TYPES.has(type.toLowerCase())) {
    throw refuse('its `token_type` is not bearer');
  }
  for (const issued of [token, member(parsed.value, 'id_token')]) {
    const issuer = issuerOf(issued);
    if (issuers.length > 0 && issuer !== null && !issuers.some((known) => sameIssuer(known, issuer))) {
      throw refuse('its token is of an issuer that `issuers` does not name');
    }
  }
  const seconds = Number(member(parsed.value, 'expires_in') ?? NaN);
  return { token, lifeMs: seconds >= 0 ? seconds * 1000 : null };
}

/**
 * The `iss` of a JWT (RFC 7519, 4.1.1); null for a token that is opaque. Its signature is not verified: the token
 * came from the token endpoint itself, and is for the service that is called to verify.
 */
function issuerOf(token: Json | undefined): string | null {
  if (typeof token !== 'string') return null;
  const [, payload, signature, ...more] = token.split('.');
  if (payload === undefined || signature === undefined || more.length > 0) return null;
  const bytes = fromBase64Url(payload);
  const claims = bytes === null ? null : parseJson(bytes);
  const issuer = claims?.ok === true ? member(claims.value, 'iss') : undefined;
  return typeof issuer === 'string' ? issuer : null;
}
