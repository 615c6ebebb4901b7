import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Secret } from '../../../lib/db/secrets.ts';
import type { PageOf } from '../../../lib/http/page.ts';
import type { Problem } from '../../../lib/http/problem.ts';
import { openTestApi, type TestApi, type TestOrg } from '../../support/api.ts';

const ROUTES = ['create-org', 'create-api-key', 'put-secret', 'list-secrets', 'get-secret', 'delete-secret'];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const VALUE = 'correct horse battery staple';

let api: TestApi;
let org: TestOrg;
let other: TestOrg;
/** Of scope `secrets:write` alone. */
let key: string;

beforeAll(async () => {
  api = await openTestApi({ routes: ROUTES });
  [org, other] = await Promise.all([api.createOrg(), api.createOrg()]);
  key = (await api.createKey(org, ['secrets:write'])).key;
});
afterAll(() => api.close());

type Answered = { secret: Secret } & Problem;
const pathOf = (name: string, orgId = org.id): string => `/v1/orgs/${orgId}/secrets/${name}`;
const put = (name: string, value: unknown) =>
  api.request<Answered>('PUT', pathOf(name), { key, json: { value } });
const get = (name: string) => api.request<Answered>('GET', pathOf(name), { key });

describe('PUT /v1/orgs/:orgId/secrets/:name', () => {
  it('201 for a new secret, 200 for a new value; createdAt stays', async () => {
    const first = await put('replaced', VALUE);
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      secret: {
        name: 'replaced',
        createdAt: expect.stringMatching(TIME),
        updatedAt: expect.stringMatching(TIME),
      },
    });
    const second = await put('replaced', { any: ['JSON', null] });
    expect(second.status).toBe(200);
    expect(second.body.secret.createdAt).toBe(first.body.secret.createdAt);
    expect(second.body.secret.updatedAt >= first.body.secret.updatedAt).toBe(true);
  });

  it('answers no value, here or anywhere', async () => {
    const answers = [
      await put('write-only', VALUE),
      await put('write-only', VALUE),
      await get('write-only'),
      await api.request('GET', `/v1/orgs/${org.id}/secrets`, { key }),
    ];
    for (const { status, text } of answers) {
      expect(status).toBeLessThan(300);
      expect(text).not.toContain('horse');
      expect(text).not.toContain('sealed');
    }
  });

  it('leaves no plaintext in the database, also not as base64', async () => {
    await put('stored', VALUE);
    const sql = postgres(api.databaseUrl, { max: 1, fetch_types: false });
    const rows = await sql<{ key_id: string; sealed: string }[]>`SELECT * FROM secrets WHERE name = 'stored'`;
    await sql.end();
    expect(rows).toHaveLength(1);
    const stored = JSON.stringify(rows) + Buffer.from(rows[0]?.sealed ?? '', 'base64').toString('latin1');
    expect(stored).not.toContain('horse');
    expect(rows[0]?.key_id).toBe('test');
  });

  it.each(['a', 'A_b-c.d', '__proto__', '.hidden', 'x'.repeat(255)])('takes the name %s', async (name) => {
    expect((await put(name, null)).status).toBe(201);
    expect((await get(name)).body.secret.name).toBe(name);
  });

  it.each(['x'.repeat(256), 'a%20b', '%00', 'a%2Fb', '%C3%BC', '$x'])('422 for the name %s', async (name) => {
    const { status, body } = await put(name, 1);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'VALIDATION_FAILED' });
    expect(body.errors?.map(({ path }) => path)).toEqual(['path/name']);
  });

  it('422 without a value, or with anything beside it', async () => {
    const path = pathOf('no-value');
    const none = await api.request<Problem>('PUT', path, { key, json: {} });
    expect(none.body.errors).toEqual([{ path: '/value', message: expect.any(String) }]);
    const more = await api.request<Problem>('PUT', path, { key, json: { value: 1, note: VALUE } });
    expect(more.body.errors?.map(({ path: at }) => at)).toEqual(['/note']);
    expect(more.text).not.toContain('horse');
    expect((await get('no-value')).status).toBe(404);
  });

  it('takes 64 KiB of JSON and 413 for a byte more', async () => {
    const most = 'x'.repeat((64 << 10) - 2);
    expect((await put('large', most)).status).toBe(201);
    const { status, body } = await put('large', `${most}x`);
    expect({ status, code: body.code }).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(body['maxBytes']).toBe(64 << 10);
  });

  it('201 once when it is set many times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => put('raced', n)));
    const created = answers.filter(({ status }) => status === 201);
    const replaced = answers.filter(({ status }) => status === 200);
    expect([created.length, replaced.length]).toEqual([1, 9]);
  });
});

describe('secrets', () => {
  it('404 after DELETE, and for DELETE again', async () => {
    await put('gone', 1);
    expect((await api.request('DELETE', pathOf('gone'), { key })).status).toBe(204);
    expect((await get('gone')).status).toBe(404);
    expect((await api.request('DELETE', pathOf('gone'), { key })).status).toBe(404);
  });

  it('of another org are not there: neither read, nor listed, nor overwritten, nor deleted', async () => {
    await put('mine', VALUE);
    for (const method of ['GET', 'DELETE']) {
      expect((await api.request(method, pathOf('mine', other.id), { key: other.key })).status).toBe(404);
      expect((await api.request(method, pathOf('mine'), { key: other.key })).status).toBe(404);
    }
    const list = await api.request<PageOf<Secret>>('GET', `/v1/orgs/${other.id}/secrets`, { key: other.key });
    expect(list.body.items).toEqual([]);
    const before = await get('mine');
    const same = await api.request('PUT', pathOf('mine', other.id), { key: other.key, json: { value: 1 } });
    expect(same.status).toBe(201);
    expect((await get('mine')).body).toEqual(before.body);
  });

  it('403 without scope secrets:write, naming it', async () => {
    const reader = (await api.createKey(org, ['workflows:write', 'runs:write'])).key;
    const calls: [string, string][] = [
      ['PUT', pathOf('x')],
      ['GET', pathOf('x')],
      ['DELETE', pathOf('x')],
      ['GET', `/v1/orgs/${org.id}/secrets`],
    ];
    for (const [method, path] of calls) {
      const { status, body } = await api.request<Problem>(method, path, {
        key: reader,
        ...(method === 'PUT' && { json: { value: 1 } }),
      });
      expect({ method, status, code: body.code }).toEqual({ method, status: 403, code: 'FORBIDDEN' });
      expect(body.detail).toContain('"secrets:write"');
    }
  });

  it('are listed page by page, newest first, each once, also those of one millisecond', async () => {
    const crowd = await api.createOrg();
    const names = Array.from({ length: 7 }, (_, n) => `s${n}`);
    await Promise.all(
      names.map((name) => api.request('PUT', pathOf(name, crowd.id), { key: crowd.key, json: { value: 1 } })),
    );
    const seen: Secret[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '?limit=2' : `?limit=2&cursor=${cursor}`;
      const { body } = await api.request<PageOf<Secret>>('GET', `/v1/orgs/${crowd.id}/secrets${query}`, {
        key: crowd.key,
      });
      seen.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(seen.map(({ name }) => name).toSorted()).toEqual(names);
    const times = seen.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().reverse());
  });

  it.each(['x', 'not-a-time name', '2026-13-01T00:00:00.000Z a', '2026-01-01T00:00:00.000Z a b', '\0'])(
    '422 for the cursor of %j, which no answer gave',
    async (text) => {
      const cursor = Buffer.from(text).toString('base64url');
      const { status } = await api.request('GET', `/v1/orgs/${org.id}/secrets?cursor=${cursor}`, { key });
      expect(status).toBe(422);
    },
  );
});

it('409 for a secret where the deployment has no key; the others answer', async () => {
  const bare = await openTestApi({ routes: ROUTES, env: { VESPID_SECRETS_KEY: '' } });
  try {
    const owner = await bare.createOrg();
    const path = pathOf('x', owner.id);
    const { status, body } = await bare.request<Problem>('PUT', path, { key: owner.key, json: { value: 1 } });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'INVALID_STATE' });
    expect(body.detail).toContain('VESPID_SECRETS_KEY');
    expect((await bare.request('GET', path, { key: owner.key })).status).toBe(404);
  } finally {
    await bare.close();
  }
});
