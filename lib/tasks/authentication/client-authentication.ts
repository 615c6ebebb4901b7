/** How a client authenticates to the token endpoint (RFC 6749, 2.3; OpenID Connect Core, 9; RFC 7523). */
import * as oauth from 'oauth4webapi';
import { base64Of } from './encoding.ts';
import { importPrivateKey } from './private-key.ts';
import { TokenFailure } from './token-failure.ts';
import type { ClientSettings } from './token-settings.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** How long an assertion that is signed here is valid, in seconds. */
const ASSERTION_LIFE_S = 60;

/** A token request that is being made. */
export interface TokenRequest {
  readonly parameters: URLSearchParams;
  readonly headers: Record<string, string>;
  /** Who is to accept an assertion: the issuer where it is known, else the token endpoint (RFC 7523, 3). */
  readonly audience: string;
  readonly nowMs: number;
}

/**
 * Adds the client's credentials.
 * @throws {TokenFailure} of type configuration when something is missing
 */
export async function authenticateClient(client: ClientSettings, request: TokenRequest): Promise<void> {
  const { id, secret, method } = client;
  const { parameters, headers } = request;
  if (method === 'none') {
    if (id !== null) parameters.set('client_id', id);
    return;
  }
  if (id === null) throw missing('client.id', method);
  switch (method) {
    case 'client_secret_post':
      parameters.set('client_id', id);
      // "The client secret to use, if any": a public client has none.
      if (secret !== null) parameters.set('client_secret', secret);
      return;
    case 'client_secret_basic':
      if (secret === null) throw missing('client.secret', method);
      headers['authorization'] = `Basic ${base64Of(`${formEncoded(id)}:${formEncoded(secret)}`)}`;
      return;
    case 'client_secret_jwt':
      if (client.assertion !== null) return given(client.assertion, id, parameters);
      if (secret === null || secret === '') throw missing('client.secret', method);
      return sign(oauth.ClientSecretJwt(secret, atNow(request)), id, request);
    case 'private_key_jwt': {
      if (client.assertion !== null) return given(client.assertion, id, parameters);
      if (secret === null) throw missing('client.assertion', method);
      const key = await importPrivateKey(secret);
      if (key === null) {
        const detail =
          '`client.secret` is not a private key to sign with (PKCS #8 in PEM, or a JWK; RSA, P-256, P-384 or P-521).';
        throw new TokenFailure('configuration', detail);
      }
      return sign(oauth.PrivateKeyJwt(key, atNow(request)), id, request);
    }
  }
}

/** RFC 6749, appendix B. The serializer of URLs keeps `-`, `.` and `_`, which services that do not decode need. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

/** An assertion that the workflow has already (RFC 7521, 4.2). */
function given(assertion: string, id: string, parameters: URLSearchParams): void {
  parameters.set('client_id', id);
  parameters.set('client_assertion_type', ASSERTION_TYPE);
  parameters.set('client_assertion', assertion);
}

async function sign(authentication: oauth.ClientAuth, id: string, request: TokenRequest): Promise<void> {
  await authentication({ issuer: request.audience }, { client_id: id }, request.parameters, new Headers());
}

/** The assertion's times by the clock of the run. */
function atNow({ nowMs }: TokenRequest): oauth.ModifyAssertionOptions {
  return {
    [oauth.modifyAssertion](_header, payload) {
      const now = Math.floor(nowMs / 1000);
      Object.assign(payload, { iat: now, nbf: now, exp: now + ASSERTION_LIFE_S });
    },
  };
}

function missing(name: string, method: string): TokenFailure {
  const detail = `\`client.authentication: ${method}\` needs \`${name}\`.`;
  return new TokenFailure('configuration', detail);
}
