/** `oauth2` and `oidc`: where tokens are asked for. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../lib/engine/types.ts';
import { AUTHORITY, client, METADATA, oidc, service } from './authority.ts';
import { compile, failureOf, scene, send } from './kit.ts';

describe('discovery', () => {
  const WELL_KNOWN = `${AUTHORITY}/.well-known/openid-configuration`;

  it.each<[string, Json, string]>([
    ['oidc asks the authority', oidc(), WELL_KNOWN],
    ['one slash, whatever the authority has', oidc({ authority: `${AUTHORITY}/` }), WELL_KNOWN],
    ['an authority that is its metadata is asked as it is', oidc({ authority: WELL_KNOWN }), WELL_KNOWN],
    ['oauth2 too', { oauth2: { authority: WELL_KNOWN, grant: 'client_credentials', client } }, WELL_KNOWN],
    [
      'also by RFC 8414',
      oidc({
        authority: 'https://id.example.org/.well-known/oauth-authorization-server',
        issuers: [AUTHORITY],
      }),
      'https://id.example.org/.well-known/oauth-authorization-server',
    ],
  ])('%s', async (_, policy, url) => {
    const authority = service();
    await send(scene(authority), compile(policy));
    expect(authority.asked).toEqual([url, METADATA.token_endpoint]);
    expect(authority.used).toEqual(['t1']);
  });

  it('takes the issuer of `issuers` where it is not the authority', async () => {
    const authority = service({ metadata: { ...METADATA, issuer: 'https://public.example.org' } });
    await send(scene(authority), compile(oidc({ issuers: ['https://public.example.org/'] })));
    expect(authority.used).toEqual(['t1']);
  });

  it.each<[string, Json, Json, string]>([
    [
      'another issuer',
      { ...METADATA, issuer: 'https://evil.example.org' },
      oidc(),
      'has another `issuer` than `authority`; list it in `issuers`.',
    ],
    [
      'an issuer that is not listed',
      METADATA,
      oidc({ issuers: ['https://x'] }),
      'has another `issuer` than `issuers` allows.',
    ],
    ['no token endpoint', { issuer: AUTHORITY }, oidc(), 'has no `issuer` or no `token_endpoint`.'],
    [
      'a token endpoint without TLS',
      { ...METADATA, token_endpoint: 'http://id.example.org/t' },
      oidc(),
      'has a `token_endpoint` without TLS.',
    ],
  ])('%s is refused before any credentials are sent', async (_, metadata, policy, detail) => {
    const authority = service({ metadata });
    const failure = await failureOf(send(scene(authority), compile(policy)));
    expect(failure).toMatchObject({ type: 'authentication', status: 401 });
    expect(failure.detail).toBe(`The metadata of the authority id.example.org ${detail}`);
    expect(authority.asked).toHaveLength(1);
    expect(authority.used).toEqual([]);
  });
});
