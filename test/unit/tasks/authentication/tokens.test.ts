/** `oauth2` and `oidc`: what an answer is worth, and how long a token is used. */
import { describe, expect, it } from 'vitest';
import { HttpFailure, type HttpRequest, type Json } from '../../../../lib/engine/types.ts';
import { AUTHORITY, client, jwt, OAUTH2, service } from './authority.ts';
import { compile, failureOf, GET, response, scene, send, type Props } from './kit.ts';

describe('a token request that fails', () => {
  const failing = (answer: NonNullable<Props['answer']>) =>
    failureOf(send(scene({ answer }), compile(OAUTH2)));
  const status = (code: number, body: Json = null) => failing((request) => response(request, code, body));

  it.each([
    [400, 'authentication', 401],
    [401, 'authentication', 401],
    [404, 'authentication', 401],
    [302, 'authentication', 401],
    [429, 'communication', 429],
    [500, 'communication', 500],
    [503, 'communication', 503],
  ])('status %i is %s %i', async (code, type, expected) => {
    expect(await status(code)).toEqual({
      type,
      status: expected,
      detail: `The authority id.example.org answered ${code}, and a token was expected.`,
    });
  });

  it('repeats a code of the standard, and nothing else of the answer', async () => {
    const body = { error: 'invalid_client', error_description: 'hidden' };
    expect((await status(401, body)).detail).toBe(
      'The authority id.example.org answered 401 (invalid_client), and a token was expected.',
    );
    expect((await status(400, { error: 'hidden' })).detail).not.toContain('hidden');
  });

  it.each<[HttpFailure['kind'], string, number]>([
    ['network', 'communication', 500],
    ['timeout', 'timeout', 408],
    ['refused', 'authorization', 403],
    ['too_large', 'authentication', 401],
    ['invalid', 'configuration', 400],
  ])('no answer (%s) is %s', async (kind, type, code) => {
    const failure = await failing(() => Promise.reject(new HttpFailure(kind, 'no answer')));
    expect(failure).toEqual({
      type,
      status: code,
      detail: 'The authority id.example.org gave no token: no answer.',
    });
  });

  it.each<[string, Json, string]>([
    ['no token', { token_type: 'bearer' }, 'it has no `access_token`'],
    ['an empty token', { access_token: '' }, 'its token is empty'],
    [
      'a token that would end the header',
      { access_token: 'a\r\nb: c' },
      'its token is empty or has a character that no token may have',
    ],
    ['a token of 20 kB', { access_token: 'x'.repeat(20_000) }, 'its token is longer than 16384 characters'],
    [
      'a token that is bound to a key',
      { access_token: 'x', token_type: 'DPoP' },
      'its `token_type` is not bearer',
    ],
  ])('%s is authentication 401', async (_, body, problem) => {
    const failure = await status(200, body);
    expect(failure).toMatchObject({ type: 'authentication', status: 401 });
    expect(failure.detail).toContain(`The answer of the authority id.example.org is not usable: ${problem}`);
  });

  it('a token of an issuer that `issuers` does not name is refused; an opaque one has none', async () => {
    const with_ = (token: { [name: string]: Json }, issuers: string[]) => {
      const answers = service({ token });
      const policy = { oauth2: { authority: AUTHORITY, grant: 'client_credentials', client, issuers } };
      return send(scene(answers), compile(policy));
    };
    const token = { access_token: jwt({ iss: 'https://a' }) };
    await expect(with_(token, ['https://b', 'https://a/'])).resolves.toMatchObject({ status: 200 });
    await expect(with_({ access_token: 'opaque' }, ['https://b'])).resolves.toMatchObject({ status: 200 });
    const refusal = 'its token is of an issuer that `issuers` does not name';
    expect((await failureOf(with_(token, ['https://b']))).detail).toContain(refusal);
    const identity = { id_token: jwt({ iss: 'https://a' }) };
    expect((await failureOf(with_(identity, ['https://b']))).detail).toContain(refusal);
  });
});

describe('a token', () => {
  const times = async (policy: Json, props: Props, advancesMs: number[]) => {
    const first = scene(props);
    const authentication = compile(policy);
    await send(first, authentication);
    for (const ms of advancesMs) {
      first.ports.clockMs += ms;
      await send(scene({ ...props, ports: first.ports }), authentication);
    }
  };

  it.each<[string, Json, number, number]>([
    ['up to 30 s before it expires', 3600, 3_569_999, 3_570_000],
    ['for half of a short life', 20, 9_999, 10_000],
    ['for a minute when nothing is said', null, 59_999, 60_000],
    ['and what is said may be text', '100', 69_999, 70_000],
    ['for a day at most', 1e300, 86_399_999, 86_400_000],
  ])('is used %s', async (_, seconds, lastMs, expiredMs) => {
    const authority = service({ token: seconds === null ? {} : { expires_in: seconds } });
    await times(OAUTH2, authority, [lastMs, expiredMs - lastMs]);
    expect(authority.used).toEqual(['t1', 't1', 't2']);
  });

  it('is of one set of settings: other credentials never get it', async () => {
    const authority = service();
    const first = scene({ ...authority, input: { secret: 'a' } });
    const policy = compile({
      oauth2: {
        authority: AUTHORITY,
        grant: 'client_credentials',
        client: { id: 'me', secret: '${ .secret }' },
      },
    });
    await send(first, policy);
    await send(scene({ ...authority, ports: first.ports, input: { secret: 'b' } }), policy);
    await send(scene({ ...authority, ports: first.ports, input: { secret: 'a' } }), policy);
    expect(authority.used).toEqual(['t1', 't2', 't1']);
  });

  it('is cached under a key that shows nothing of the credentials', async () => {
    const keys: string[] = [];
    const setting = scene(service());
    const { tokens } = setting.caller;
    const spied = {
      ...tokens,
      set: (key: string, ...rest: [string, number]) => void keys.push(key, ...rest.map(String)),
    };
    await send({ ...setting, caller: { ...setting.caller, tokens: spied } }, compile(OAUTH2));
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('that was revoked is replaced once', async () => {
    const authority = service({ token: { expires_in: 3600 }, revoked: ['t1'] });
    await times(OAUTH2, authority, [0]);
    expect(authority.used).toEqual(['t1', 't1', 't2']);
    const hopeless = service({ token: { expires_in: 3600 }, revoked: ['t1', 't2', 't3'] });
    await times(OAUTH2, hopeless, [0]);
    expect(hopeless.used).toEqual(['t1', 't1', 't2']);
  });

  it('is kept when 401 comes from wherever a redirect led to', async () => {
    const authority = service({ token: { expires_in: 3600 } });
    const elsewhere = (request: HttpRequest) => {
      const answer = authority.answer(request);
      return request.url === GET.url
        ? { ...answer, status: 401, url: 'https://elsewhere.example.org/' }
        : answer;
    };
    await times(OAUTH2, { answer: elsewhere }, [0]);
    expect(authority.used).toEqual(['t1', 't1']);
  });
});
