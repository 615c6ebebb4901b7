import { describe, expect, it } from 'vitest';
import { openRoute } from '../../../lib/http/route.ts';
import {
  ADMIN_TOKEN,
  makeKey,
  openTestApp,
  ORG_ID,
  OTHER_ORG_ID,
  thingRoute,
  withOtherSecret,
} from './app-under-test.ts';

const THING = `/v1/orgs/${ORG_ID}/things/${ORG_ID}`;

describe('API keys', () => {
  const { get, key } = openTestApp([thingRoute('workflows:read')]);

  it.each([
    ['Authorization: Bearer', { authorization: `Bearer ${key}` }],
    ['a scheme in another case', { authorization: `bearer  ${key}` }],
    ['X-API-Key', { 'x-api-key': key }],
  ])('are taken from %s', async (_name, headers) => {
    expect((await get(THING, headers)).status).toBe(200);
  });

  it.each([
    ['none', {}],
    ['another scheme', { authorization: `Basic ${key}` }],
    ['no token', { authorization: 'Bearer ' }],
    ['a malformed key', { 'x-api-key': 'vsp_nonsense' }],
    ['an unknown id', { 'x-api-key': key.replace(/_\w{4}/, '_ffff') }],
    ['another secret', { 'x-api-key': withOtherSecret(key) }],
    ['a longer secret', { 'x-api-key': `${key}A` }],
    ['the operator’s token', { authorization: `Bearer ${ADMIN_TOKEN}` }],
  ])('answer 401 for %s', async (_name, headers) => {
    const answer = await get(THING, headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('do not tell an unknown id from a wrong secret', async () => {
    const details = await Promise.all(
      [key.replace(/_\w{4}/, '_ffff'), withOtherSecret(key)].map(async (text) => {
        const problem: unknown = await (
          await get(THING, { 'x-api-key': text, 'x-request-id': 'same' })
        ).json();
        return problem;
      }),
    );
    expect(details[0]).toEqual(details[1]);
  });

  it('hold 32 random bytes and keep only their hash', () => {
    const [one, two] = [makeKey(['admin']), makeKey(['admin'])];
    expect(one.text).toMatch(/^vsp_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(one.text).not.toBe(two.text);
    expect(one.text).not.toContain(one.stored.secretHash);
  });
});

describe('orgs and scopes', () => {
  it('answers for another org exactly as for what does not exist', async () => {
    const { get, key } = openTestApp([thingRoute('workflows:read')]);
    const headers = { 'x-api-key': key, 'x-request-id': 'same' };
    const other = await get(`/v1/orgs/${OTHER_ORG_ID}/things/${ORG_ID}`, headers);
    const nowhere = await get('/v1/nowhere', headers);
    expect(other.status).toBe(404);
    expect(await other.text()).toBe(await nowhere.text());
    expect([...other.headers]).toEqual([...nowhere.headers]);
  });

  it('hides another org also from a key without the scope', async () => {
    const { get, key } = openTestApp([thingRoute('runs:write')]);
    expect((await get(`/v1/orgs/${OTHER_ORG_ID}/things/${ORG_ID}`, { 'x-api-key': key })).status).toBe(404);
  });

  it('takes an org id in capitals', async () => {
    const { get, key } = openTestApp([thingRoute('workflows:read')]);
    expect(
      (await get(`/v1/orgs/${ORG_ID.toUpperCase()}/things/${ORG_ID}`, { 'x-api-key': key })).status,
    ).toBe(200);
  });

  it('answers 403 naming the scope that is missing', async () => {
    const { get, key } = openTestApp([thingRoute('runs:write')]);
    const answer = await get(THING, { 'x-api-key': key });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({
      code: 'FORBIDDEN',
      detail: expect.stringContaining('"runs:write"'),
    });
  });

  it('lets any key of the org in where no scope is asked for', async () => {
    const { get, key } = openTestApp([thingRoute('any-scope')]);
    expect((await get(THING, { 'x-api-key': key })).status).toBe(200);
  });
});

describe('the operator’s token', () => {
  const route = openRoute({
    name: 'operator',
    method: 'get',
    paths: ['/operator'],
    access: 'admin-token',
    summary: '',
    answers: {},
    handler: async ({ c }) => c.json({}),
  });

  it('opens what is the operator’s', async () => {
    expect(
      (await openTestApp([route]).get('/operator', { authorization: `Bearer ${ADMIN_TOKEN}` })).status,
    ).toBe(200);
  });

  it.each([undefined, 'Bearer wrong', `Bearer ${ADMIN_TOKEN}x`, ADMIN_TOKEN])(
    'is not %j',
    async (authorization) => {
      const answer = await openTestApp([route]).get(
        '/operator',
        authorization === undefined ? {} : { authorization },
      );
      expect(answer.status).toBe(401);
    },
  );

  it('opens nothing when the server has none', async () => {
    const { get } = openTestApp([route], { adminToken: null });
    for (const token of ['null', 'undefined', '']) {
      expect((await get('/operator', { authorization: `Bearer ${token}` })).status).toBe(401);
    }
  });
});
