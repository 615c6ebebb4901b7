/** `oauth2` and `oidc`: what is sent to the token endpoint. */
import { describe, expect, it } from 'vitest';
import type { HttpRequest, Json } from '../../../../lib/engine/types.ts';
import { verifiedAssertion } from './assertions.ts';
import { bodyOf, compile, failureOf, response, scene, send, type Props } from './kit.ts';

const AUTHORITY = 'https://id.example.org/realms/a';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

const issuing = (request: HttpRequest) =>
  request.method === 'GET' ? response(request, 200) : response(request, 200, { access_token: 't1' });

/** The token request that a policy makes; the call itself must carry the token. */
async function tokenRequest(policy: Json, props: Props = {}): Promise<HttpRequest> {
  const setting = scene({ answer: issuing, ...props });
  await send(setting, compile(policy));
  const [first, ...others] = setting.ports.requests;
  if (first === undefined || others.length !== 1) throw new Error('not two requests');
  expect(others[0]?.headers['authorization']).toBe('Bearer t1');
  expect(setting.authorized).toEqual([{ scheme: 'Bearer', parameter: 't1' }]);
  return first;
}
const oauth2 = (members: { [name: string]: Json }): Json => ({
  oauth2: {
    authority: AUTHORITY,
    grant: 'client_credentials',
    client: { id: 'me', secret: 's' },
    ...members,
  },
});

describe('the grant', () => {
  it.each<[string, { [name: string]: Json }, Record<string, string>]>([
    [
      'client_credentials with scopes and audiences',
      { scopes: ['read', 'write'], audiences: ['a', 'b'] },
      { scope: 'read write', audience: 'a b' },
    ],
    ['password', { grant: 'password', username: 'u', password: 'p&' }, { username: 'u', password: 'p&' }],
    [
      'refresh_token, from `subject`',
      {
        grant: 'refresh_token',
        subject: { token: 'r', type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      },
      { refresh_token: 'r' },
    ],
    [
      'token-exchange for a subject',
      { grant: EXCHANGE, subject: { token: 's', type: 'jwt' } },
      { subject_token: 's', subject_token_type: 'jwt' },
    ],
    [
      'token-exchange for a subject and an actor',
      { grant: EXCHANGE, subject: { token: 's', type: 'jwt' }, actor: { token: 'a', type: 'saml2' } },
      { subject_token: 's', subject_token_type: 'jwt', actor_token: 'a', actor_token_type: 'saml2' },
    ],
  ])('%s', async (_, members, parameters) => {
    const request = await tokenRequest(oauth2(members));
    expect(request).toMatchObject({
      method: 'POST',
      url: `${AUTHORITY}/oauth2/token`,
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      followRedirects: false,
    });
    expect(bodyOf(request)).toEqual({
      grant_type: members['grant'] ?? 'client_credentials',
      client_id: 'me',
      client_secret: 's',
      ...parameters,
    });
  });

  it('goes as JSON when the request says so', async () => {
    const request = await tokenRequest(
      oauth2({ request: { encoding: 'application/json' }, scopes: ['a', 'b'] }),
    );
    expect(request.headers['content-type']).toBe('application/json');
    expect(JSON.parse(String(request.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      client_id: 'me',
      client_secret: 's',
    });
  });

  it('takes expressions, and everything from a secret, as data', async () => {
    const members = { client: { id: '${ .id }', secret: '${ .secret }' }, scopes: '${ .scopes }' };
    const input = { id: 'x', secret: 'y', scopes: ['z'] };
    expect(bodyOf(await tokenRequest(oauth2(members), { input }))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'x',
      client_secret: 'y',
      scope: 'z',
    });
    const secrets = {
      mine: {
        authority: AUTHORITY,
        grant: 'client_credentials',
        client: { id: 'i', secret: '${ .secret }' },
      },
    };
    const request = await tokenRequest({ oauth2: { use: 'mine' } }, { secrets, input });
    expect(bodyOf(request)['client_secret']).toBe('${ .secret }');
  });
});

describe('the token endpoint', () => {
  it.each<[string, { [name: string]: Json }, string]>([
    ['is relative to the authority', { endpoints: { token: 'auth/token' } }, `${AUTHORITY}/auth/token`],
    ['has one slash', { authority: `${AUTHORITY}/`, endpoints: { token: '/t' } }, `${AUTHORITY}/t`],
    ['may be absolute', { endpoints: { token: 'https://x.example.org/t' } }, 'https://x.example.org/t'],
    ['may be without TLS', { authority: 'http://keycloak' }, 'http://keycloak/oauth2/token'],
    [
      'is a URI template over the input',
      { authority: 'https://{tenant}.example.org', endpoints: { token: '/{realm}/token' } },
      'https://acme.example.org/a%2Fb/token',
    ],
  ])('%s', async (_, members, url) => {
    const request = await tokenRequest(oauth2(members), { input: { tenant: 'acme', realm: 'a/b' } });
    expect(request.url).toBe(url);
  });
});

describe('the client', () => {
  const client = (members: Json) => tokenRequest(oauth2({ client: members }));

  it('client_secret_basic: both parts are form-encoded first (RFC 6749, 2.3.1)', async () => {
    const request = await client({ id: 'a-b:c', secret: 'p ü%', authentication: 'client_secret_basic' });
    expect(request.headers['authorization']).toBe(`Basic ${btoa('a-b%3Ac:p+%C3%BC%25')}`);
    expect(bodyOf(request)).toEqual({ grant_type: 'client_credentials' });
  });

  it('none: the name alone, if there is one', async () => {
    expect(bodyOf(await client({ id: 'me', authentication: 'none' }))).toHaveProperty('client_id', 'me');
    expect(bodyOf(await client({ authentication: 'none' }))).toEqual({ grant_type: 'client_credentials' });
  });

  it('client_secret_post without a secret is a public client', async () => {
    expect(bodyOf(await client({ id: 'me' }))).toEqual({ grant_type: 'client_credentials', client_id: 'me' });
  });

  it.each(['client_secret_jwt', 'private_key_jwt'])('%s sends the assertion it is given', async (method) => {
    expect(bodyOf(await client({ id: 'me', assertion: 'a.b.c', authentication: method }))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'me',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'a.b.c',
    });
  });

  const claims = {
    iss: 'me',
    sub: 'me',
    aud: `${AUTHORITY}/oauth2/token`,
    iat: Date.UTC(2026, 0, 1) / 1000,
    nbf: Date.UTC(2026, 0, 1) / 1000,
    exp: Date.UTC(2026, 0, 1) / 1000 + 60,
    jti: expect.stringMatching(/.{20}/),
  };

  it('client_secret_jwt signs an assertion with the secret (HS256), by the clock of the run', async () => {
    const secret = 'a secret of at least 32 characters';
    const body = bodyOf(await client({ id: 'me', secret, authentication: 'client_secret_jwt' }));
    const key = await crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode(secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    const { header, payload } = await verifiedAssertion(body, key);
    expect(header).toEqual({ alg: 'HS256' });
    expect(payload).toEqual(claims);
    expect(body).not.toHaveProperty('client_secret');
  });

  it.each<[string, string, 'pem' | 'jwk']>([
    ['RS256', 'RSA', 'pem'],
    ['RS256', 'RSA', 'jwk'],
    ['ES256', 'P-256', 'pem'],
    ['ES384', 'P-384', 'jwk'],
  ])(
    'private_key_jwt signs an assertion with the key in the secret: %s, %s as %s',
    async (alg, kind, form) => {
      const parameters =
        kind === 'RSA'
          ? {
              name: 'RSASSA-PKCS1-v1_5',
              modulusLength: 2048,
              publicExponent: Uint8Array.of(1, 0, 1),
              hash: 'SHA-256',
            }
          : { name: 'ECDSA', namedCurve: kind };
      const { privateKey, publicKey } = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']);
      const secret =
        form === 'jwk'
          ? JSON.stringify({ ...(await crypto.subtle.exportKey('jwk', privateKey)), kid: 'k1', use: 'sig' })
          : `-----BEGIN PRIVATE KEY-----\n${Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')}\n-----END PRIVATE KEY-----\n`;
      const body = bodyOf(await client({ id: 'me', secret, authentication: 'private_key_jwt' }));
      const { header, payload } = await verifiedAssertion(body, publicKey);
      expect(header).toEqual(form === 'jwk' ? { alg, kid: 'k1' } : { alg });
      expect(payload).toEqual(claims);
      expect(body).not.toHaveProperty('client_secret');
    },
  );
});

describe('what cannot be sent', () => {
  it.each<[string, { [name: string]: Json }, string]>([
    [
      'authorization_code',
      { grant: 'authorization_code' },
      '`grant: authorization_code` needs a user at a browser',
    ],
    [
      'an unknown grant',
      { grant: 'hidden' },
      '`grant` is not one of the language; use one of client_credentials, ',
    ],
    [
      'no user name',
      { grant: 'password', password: 'hidden' },
      'The oauth2 authentication has no `username`.',
    ],
    ['no subject', { grant: EXCHANGE }, 'The oauth2 authentication has no `subject.token`.'],
    ['no client', { client: {} }, '`client.authentication: client_secret_post` needs `client.id`.'],
    [
      'no assertion',
      { client: { id: 'a', authentication: 'private_key_jwt' } },
      '`client.authentication: private_key_jwt` needs `client.assertion`.',
    ],
    [
      'a key that is none',
      { client: { id: 'a', secret: 'hidden', authentication: 'private_key_jwt' } },
      '`client.secret` is not a private key to sign with',
    ],
    [
      'an unknown method',
      { client: { id: 'a', authentication: 'hidden' } },
      '`client.authentication` is not one of client_secret_post, ',
    ],
    ['an unknown encoding', { request: { encoding: 'hidden' } }, '`request.encoding` is not one of '],
    ['an authority that is no URL', { authority: 'hidden' }, '`authority` is not an absolute URL'],
  ])('%s is a configuration error without the values', async (_, members, detail) => {
    const setting = scene({ answer: issuing });
    const failure = await failureOf(send(setting, compile(oauth2(members))));
    expect(failure).toMatchObject({ type: 'configuration', status: 400 });
    expect(failure.detail).toContain(detail);
    expect(failure.detail).not.toContain('hidden');
    expect(setting.ports.requests).toEqual([]);
  });
});
