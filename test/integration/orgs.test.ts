import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeApiKey, type ApiKey } from '../../lib/db/api-keys.ts';
import type { PageOf } from '../../lib/http/page.ts';
import type { Problem } from '../../lib/http/problem.ts';
import { ADMIN_TOKEN, openTestApi, type TestApi, type TestOrg } from '../support/api.ts';

const ROUTES = ['create-org', 'get-org', 'create-api-key', 'list-api-keys', 'delete-api-key'];
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NO_ID = '0198c0de-0000-7000-8000-000000000001';

let api: TestApi;
let org: TestOrg;
let other: TestOrg;

beforeAll(async () => {
  api = await openTestApi({ routes: ROUTES });
  org = await api.createOrg();
  other = await api.createOrg();
});
afterAll(async () => api.close());

const asOperator = { authorization: `Bearer ${ADMIN_TOKEN}` };

describe('POST /v1/orgs', () => {
  it('201: the org and its first key, shown once and working', async () => {
    const { status, headers, body } = await api.request<{
      org: { id: string };
      apiKey: { id: string; key: string };
    }>('POST', '/v1/orgs', { json: { name: 'Übung 😀' }, headers: asOperator });
    expect(status).toBe(201);
    expect(body).toEqual({
      org: { id: expect.stringMatching(UUID_V7), name: 'Übung 😀', createdAt: expect.stringMatching(TIME) },
      apiKey: { id: expect.stringMatching(UUID_V7), key: expect.stringMatching(/^vsp_/) },
    });
    expect(headers.get('location')).toBe(`/v1/orgs/${body.org.id}`);
    const got = await api.request('GET', `/v1/orgs/${body.org.id}`, { key: body.apiKey.key });
    expect(got).toMatchObject({ status: 200, body: { org: body.org } });
  });

  it('401 without the operator’s token: a key of scope admin is not enough', async () => {
    for (const headers of [{}, { authorization: 'Bearer nope' }, { authorization: `Bearer ${org.key}` }]) {
      const { status, body } = await api.request<Problem>('POST', '/v1/orgs', {
        json: { name: 'x' },
        headers,
      });
      expect({ status, code: body.code }).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    }
  });

  it('422 names what is wrong', async () => {
    const { status, body } = await api.request<Problem>('POST', '/v1/orgs', {
      json: { name: 'a\0b', plan: 'gold' },
      headers: asOperator,
    });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'VALIDATION_FAILED' });
    expect(body.errors?.map(({ path }) => path)).toEqual(['/name', '/plan']);
  });

  it.each([
    ['413', 413, new Uint8Array((1 << 20) + 1).fill(0x20), 'application/json'],
    ['415', 415, 'name=x', 'application/x-www-form-urlencoded'],
    ['400 for bad UTF-8', 400, new Uint8Array([0x22, 0xc3, 0x28, 0x22]), 'application/json'],
    ['400 for 10,000 levels', 400, '['.repeat(10_000) + ']'.repeat(10_000), 'application/json'],
    ['422 for a lone surrogate', 422, String.raw`{"name":"\udead"}`, 'application/json'],
  ])('%s', async (_name, status, body, type) => {
    const answer = await api.request('POST', '/v1/orgs', {
      body,
      headers: { ...asOperator, 'content-type': type },
    });
    expect(answer.status).toBe(status);
  });
});

describe('GET /v1/orgs/:orgId', () => {
  it('200 for any key of the org', async () => {
    const { key } = await api.createKey(org, ['events:write']);
    expect((await api.request('GET', `/v1/orgs/${org.id}`, { key })).status).toBe(200);
  });

  it('404 for another org, exactly as for none', async () => {
    const headers = { 'x-request-id': 'same' };
    const [foreign, missing] = await Promise.all(
      [other.id, NO_ID].map(async (id) => api.request('GET', `/v1/orgs/${id}`, { key: org.key, headers })),
    );
    expect(foreign?.status).toBe(404);
    expect(foreign?.text).toBe(missing?.text);
  });

  it('404, not 500, for what is no id', async () => {
    for (const id of ['1', 'null', `${org.id}0`, '%00', "'--"]) {
      expect((await api.request('GET', `/v1/orgs/${id}`, { key: org.key })).status).toBe(404);
    }
  });
});

describe('api keys', () => {
  it('201: a key with its scopes, shown once', async () => {
    const { status, body } = await api.request<{ apiKey: ApiKey & { key: string } }>(
      'POST',
      `/v1/orgs/${org.id}/api-keys`,
      {
        key: org.key,
        json: { name: 'ci', scopes: ['runs:read', 'runs:write', 'runs:read'] },
      },
    );
    expect(status).toBe(201);
    expect(body.apiKey).toEqual({
      id: expect.stringMatching(UUID_V7),
      name: 'ci',
      scopes: ['runs:read', 'runs:write'],
      createdAt: expect.stringMatching(TIME),
      revokedAt: null,
      key: expect.stringMatching(/^vsp_/),
    });
    const list = await api.request<PageOf<ApiKey>>('GET', `/v1/orgs/${org.id}/api-keys`, { key: org.key });
    const { key: _, ...listed } = body.apiKey;
    expect(list.body.items[0]).toEqual(listed);
    expect(list.text).not.toContain('vsp_');
  });

  it('422 for scopes that are none', async () => {
    for (const scopes of [[], ['root'], 'admin', undefined]) {
      const { status } = await api.request('POST', `/v1/orgs/${org.id}/api-keys`, {
        key: org.key,
        json: { scopes },
      });
      expect(status).toBe(422);
    }
  });

  it('403 without scope admin, naming it', async () => {
    const { key } = await api.createKey(org, ['workflows:read']);
    const { status, body } = await api.request<Problem>('GET', `/v1/orgs/${org.id}/api-keys`, { key });
    expect({ status, code: body.code }).toEqual({ status: 403, code: 'FORBIDDEN' });
    expect(body.detail).toContain('"admin"');
  });

  it('lists page by page, newest first, each key once', async () => {
    const paged = await api.createOrg();
    const made = [paged.keyId];
    for (let n = 0; n < 4; n++) made.push((await api.createKey(paged, ['runs:read'])).id);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '?limit=2' : `?limit=2&cursor=${cursor}`;
      const { body } = await api.request<PageOf<ApiKey>>('GET', `/v1/orgs/${paged.id}/api-keys${query}`, {
        key: paged.key,
      });
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(made.reverse());
  });

  it('401 at once after the key was revoked; revoking again is no error', async () => {
    const { id, key } = await api.createKey(org, ['runs:read']);
    expect((await api.request('GET', `/v1/orgs/${org.id}`, { key })).status).toBe(200);
    for (let n = 0; n < 2; n++) {
      const { status } = await api.request('DELETE', `/v1/orgs/${org.id}/api-keys/${id}`, { key: org.key });
      expect(status).toBe(204);
    }
    expect((await api.request('GET', `/v1/orgs/${org.id}`, { key })).status).toBe(401);
    const { body } = await api.request<PageOf<ApiKey>>('GET', `/v1/orgs/${org.id}/api-keys`, {
      key: org.key,
    });
    expect(body.items.find((item) => item.id === id)?.revokedAt).toMatch(TIME);
  });

  it('404 for a key of another org, which keeps working', async () => {
    const { status } = await api.request('DELETE', `/v1/orgs/${org.id}/api-keys/${other.keyId}`, {
      key: org.key,
    });
    expect(status).toBe(404);
    expect((await api.request('GET', `/v1/orgs/${other.id}`, { key: other.key })).status).toBe(200);
  });

  it('409 for the last key of scope admin', async () => {
    const { status, body } = await api.request<Problem>(
      'DELETE',
      `/v1/orgs/${other.id}/api-keys/${other.keyId}`,
      {
        key: other.key,
      },
    );
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'INVALID_STATE' });
    expect((await api.request('GET', `/v1/orgs/${other.id}`, { key: other.key })).status).toBe(200);
  });

  it('keeps one key of scope admin, however many are revoked at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      const crowd = await api.createOrg();
      const ids = [crowd.keyId];
      for (let n = 0; n < 4; n++) ids.push((await api.createKey(crowd, ['admin'])).id);
      const outcomes = await Promise.all(ids.map(async (id) => revokeApiKey(api.deps, crowd.id, id)));
      expect(outcomes.toSorted()).toEqual(['last_admin', 'revoked', 'revoked', 'revoked', 'revoked']);
    }
  });
});
