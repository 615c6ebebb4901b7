import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Subscription } from '../../../lib/db/events/subscriptions.ts';
import type { PageOf } from '../../../lib/http/page.ts';
import type { Problem } from '../../../lib/http/problem.ts';
import { openTestApi, type TestApi, type TestOrg } from '../../support/api.ts';
import { ROUTES, storeEvent, type Created, type Shown } from './subscription-kit.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const URL = 'https://example.com/events';

let api: TestApi;
let org: TestOrg;
let other: TestOrg;
/** Of scope `events:write` alone. */
let key: string;

beforeAll(async () => {
  api = await openTestApi({ routes: ROUTES });
  [org, other] = await Promise.all([api.createOrg(), api.createOrg()]);
  key = (await api.createKey(org, ['events:write'])).key;
});
afterAll(() => api.close());

const pathOf = (id = '', orgId = org.id): string => `/v1/orgs/${orgId}/subscriptions${id && `/${id}`}`;
const create = (types = ['com.acme.*'], url = URL) =>
  api.request<Created>('POST', pathOf(), { key, json: { url, types } });

describe('POST /v1/orgs/:orgId/subscriptions', () => {
  it('201 with the secret, which nothing answers again and the database holds sealed only', async () => {
    const { status, body } = await create(['com.acme.*', 'x']);
    expect(status).toBe(201);
    expect(body).toEqual({
      subscription: {
        id: expect.any(String),
        url: URL,
        types: ['com.acme.*', 'x'],
        createdAt: expect.stringMatching(TIME),
        disabledAt: null,
        disabledReason: null,
      },
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const shown = await api.request<Shown>('GET', pathOf(body.subscription.id), { key });
    const listed = await api.request('GET', pathOf(), { key });
    const rows = await api.deps.sql`SELECT * FROM event_subscriptions WHERE id = ${body.subscription.id}`;
    const stored = rows.map((row) => Buffer.from(String(row['sealed']), 'base64').toString('latin1'));
    const bare = body.secret.slice('whsec_'.length);
    for (const text of [shown.text, listed.text, JSON.stringify(rows), ...stored]) {
      expect(text).not.toContain(bare);
      expect(text).not.toContain('whsec');
    }
  });

  it.each([
    ['*', true],
    ['io.serverlessworkflow.workflow.*', true],
    ['com.acme.*', false],
  ])('notes whether %s follows the life of runs', async (type, lifecycle) => {
    const { body } = await create([type]);
    const rows = await api.deps
      .sql`SELECT lifecycle FROM event_subscriptions WHERE id = ${body.subscription.id}`;
    expect(rows).toEqual([{ lifecycle }]);
  });

  it('422 naming every member that is wrong', async () => {
    const { status, body } = await create(['a*b', 'ok'], 'ftp://example.com');
    expect(status).toBe(422);
    expect(body.errors?.map(({ path }) => path)).toEqual(['/url', '/types/0']);
  });

  it('429 QUOTA_EXCEEDED for the 101st of an org; one that is deleted makes room', async () => {
    const crowd = await api.createOrg();
    const path = pathOf('', crowd.id);
    const request = { key: crowd.key, json: { url: URL, types: ['*'] } };
    await api.deps.sql`
      INSERT INTO event_subscriptions (id, org_id, url, types, lifecycle, key_id, sealed, created_by)
      SELECT gen_random_uuid(), ${crowd.id}, ${URL}, '{*}', true, 'k', 's', 'test' FROM generate_series(1, 99)`;
    const last = await api.request<Created>('POST', path, request);
    expect(last.status).toBe(201);
    const refused = await api.request<Problem>('POST', path, request);
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 429,
      code: 'QUOTA_EXCEEDED',
    });
    await api.request('DELETE', pathOf(last.body.subscription.id, crowd.id), { key: crowd.key });
    expect((await api.request('POST', path, request)).status).toBe(201);
  });
});

describe('subscriptions', () => {
  it('are listed newest first, page by page', async () => {
    const made: string[] = [];
    for (let n = 0; n < 3; n++) made.push((await create()).body.subscription.id);
    const first = await api.request<PageOf<Subscription>>('GET', `${pathOf()}?limit=2`, { key });
    expect(first.body.items.map(({ id }) => id)).toEqual([made[2], made[1]]);
    const next = await api.request<PageOf<Subscription>>(
      'GET',
      `${pathOf()}?limit=1&cursor=${first.body.nextCursor}`,
      { key },
    );
    expect(next.body.items.map(({ id }) => id)).toEqual([made[0]]);
  });

  it('of another org are not there: neither read, nor listed, nor deleted', async () => {
    const { id } = (await create()).body.subscription;
    for (const method of ['GET', 'DELETE']) {
      expect((await api.request(method, pathOf(id, other.id), { key: other.key })).status).toBe(404);
      expect((await api.request(method, pathOf(id), { key: other.key })).status).toBe(404);
    }
    const list = await api.request<PageOf<Subscription>>('GET', pathOf('', other.id), { key: other.key });
    expect(list.body.items).toEqual([]);
    expect((await api.request('GET', pathOf(id), { key })).status).toBe(200);
  });

  it('404 after DELETE, which takes the deliveries along; 404 for what is no id', async () => {
    const { id } = (await create(['gone.*'])).body.subscription;
    await storeEvent(api.deps.sql, org.id, 'gone.now', 'x');
    const count = () => api.deps.sql`SELECT FROM event_deliveries WHERE subscription_id = ${id}`;
    expect(await count()).toHaveLength(1);
    expect((await api.request('DELETE', pathOf(id), { key })).status).toBe(204);
    expect(await count()).toHaveLength(0);
    for (const gone of [id, 'x', '%00']) {
      expect((await api.request('GET', pathOf(gone), { key })).status).toBe(404);
      expect((await api.request('DELETE', pathOf(gone), { key })).status).toBe(404);
    }
  });

  it('403 without scope events:write', async () => {
    const reader = (await api.createKey(org, ['runs:write', 'secrets:write'])).key;
    for (const [method, path] of [
      ['POST', pathOf()],
      ['GET', pathOf()],
      ['GET', pathOf(crypto.randomUUID())],
      ['DELETE', pathOf(crypto.randomUUID())],
    ] as const) {
      expect((await api.request(method, path, { key: reader })).status).toBe(403);
    }
  });
});

it('409 where the deployment has no key to seal the secret with', async () => {
  const bare = await openTestApi({ routes: ROUTES, env: { VESPID_SECRETS_KEY: '' } });
  try {
    const owner = await bare.createOrg();
    const { status, body } = await bare.request<Problem>('POST', pathOf('', owner.id), {
      key: owner.key,
      json: { url: URL, types: ['*'] },
    });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'INVALID_STATE' });
  } finally {
    await bare.close();
  }
});
