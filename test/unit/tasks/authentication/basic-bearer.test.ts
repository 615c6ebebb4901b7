import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../lib/engine/types.ts';
import { compile, failureOf, GET, response, scene, send, type Props } from './kit.ts';

const sentWith = async (policy: Json, props: Props = {}, request = GET): Promise<string | undefined> => {
  const setting = scene({ answer: (sent) => response(sent, 200), ...props });
  await send(setting, compile(policy), request);
  expect(setting.ports.requests).toHaveLength(1);
  return setting.ports.requests[0]?.headers['authorization'];
};
const fails = (policy: Json, props: Props = {}) => failureOf(send(scene(props), compile(policy)));

describe('basic', () => {
  it('sends the name and password of RFC 7617, 2, and in UTF-8 as in 2.1', async () => {
    expect(await sentWith({ basic: { username: 'Aladdin', password: 'open sesame' } })).toBe(
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    );
    expect(await sentWith({ basic: { username: 'test', password: '123£' } })).toBe('Basic dGVzdDoxMjPCow==');
  });

  it('evaluates its texts on the input', async () => {
    const policy = { basic: { username: '${ .user }', password: '${ .password }' } };
    expect(await sentWith(policy, { input: { user: 'a', password: 'b' } })).toBe('Basic YTpi');
  });

  it('takes its members from a secret, whose texts are never evaluated', async () => {
    const secrets = { login: { username: 'a', password: '${ .x }' } };
    expect(await sentWith({ basic: { use: 'login' } }, { secrets })).toBe(`Basic ${btoa('a:${ .x }')}`);
  });

  it('replaces an Authorization header of the workflow, however it is written, and keeps the others', async () => {
    const setting = scene({ answer: (sent) => response(sent, 200) });
    const headers = { Authorization: 'mine', 'x-trace': '1' };
    await send(setting, compile({ basic: { username: 'a', password: 'b' } }), { ...GET, headers });
    expect(setting.ports.requests[0]?.headers).toEqual({ 'x-trace': '1', authorization: 'Basic YTpi' });
    expect(setting.authorized).toEqual([{ scheme: 'Basic', parameter: 'YTpi' }]);
  });

  it.each<[string, Json, Props, string, string]>([
    ['a missing secret', { use: 'login' }, {}, 'authorization', 'The org has no secret "login".'],
    [
      'a secret that is no object',
      { use: 'login' },
      { secrets: { login: 'hidden' } },
      'configuration',
      'The secret "login" for basic authentication has no `username`.',
    ],
    [
      'a secret with another type',
      { use: 'login' },
      { secrets: { login: { username: 'hidden', password: 5 } } },
      'configuration',
      'The secret "login" for basic authentication: `password` is not text.',
    ],
    [
      'an expression that gives no text',
      { username: '${ .user }', password: 'hidden' },
      { input: {} },
      'expression',
      'The basic authentication: `username` is not text.',
    ],
    [
      'a colon in the name',
      { username: 'hid:den', password: 'hidden' },
      {},
      'configuration',
      'The `username` of basic authentication may not contain a colon.',
    ],
    [
      'a line break',
      { username: 'hidden', password: 'hid\nden' },
      {},
      'configuration',
      'may not contain control characters',
    ],
  ])('%s is a precise error without the values', async (_, basic, props, type, detail) => {
    const failure = await fails({ basic }, props);
    expect(failure.type).toBe(type);
    expect(failure.detail).toContain(detail);
    expect(failure.detail).not.toContain('hidden');
  });
});

describe('bearer', () => {
  it('sends a token: of the definition, of a secret object, or a secret that is the token', async () => {
    expect(await sentWith({ bearer: { token: '${ .token }' } }, { input: { token: 'abc' } })).toBe(
      'Bearer abc',
    );
    const secrets = { object: { token: 'in.object' }, text: 'the.text' };
    expect(await sentWith({ bearer: { use: 'object' } }, { secrets })).toBe('Bearer in.object');
    expect(await sentWith({ bearer: { use: 'text' } }, { secrets })).toBe('Bearer the.text');
  });

  it.each(['', 'two words', 'line\nbreak', 'täst'])('refuses %j, which is no token', async (token) => {
    expect(await fails({ bearer: { token: '${ .t }' } }, { input: { t: token } })).toEqual({
      type: 'configuration',
      status: 400,
      detail: 'The `token` of bearer authentication is empty or has a character that no token may have.',
    });
  });
});

describe('a policy of use.authentications', () => {
  it('is the same as one in place', async () => {
    const setting = scene({ answer: (sent) => response(sent, 200), input: { t: 'x' } });
    await send(setting, compile({ use: 'mine' }, { mine: { bearer: { token: '${ .t }' } } }));
    expect(setting.ports.requests[0]?.headers['authorization']).toBe('Bearer x');
  });

  it('gives credentials without a request, for protocols other than HTTP', async () => {
    const { caller, authorized } = scene();
    const { signal } = new AbortController();
    const credentials = await compile({ bearer: { token: 'x' } }).credentials(caller, signal);
    expect(credentials).toEqual({ scheme: 'Bearer', parameter: 'x' });
    expect(authorized).toEqual([credentials]);
  });
});
