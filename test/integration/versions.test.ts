import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Version, VersionSummary } from '../../lib/db/versions.ts';
import type { Workflow } from '../../lib/db/workflows.ts';
import type { PageOf } from '../../lib/http/page.ts';
import type { Problem } from '../../lib/http/problem.ts';
import { openTestApi, type Answer, type RequestOptions, type TestApi, type TestOrg } from '../support/api.ts';
import { definition } from '../support/definitions.ts';

const ROUTES = [
  'create-org',
  'create-workflow',
  'replace-workflow',
  'publish-workflow',
  'list-versions',
  'get-version',
];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let api: TestApi;
let org: TestOrg;

const at = (path = ''): string => `/v1/orgs/${org.id}/workflows${path}`;
const request = async <Body = Problem>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer<Body>> => api.request(method, path, { key: org.key, ...options });

async function create(json: unknown = { definition: definition() }): Promise<Workflow> {
  return (await request<{ workflow: Workflow }>('POST', at(), { json })).body.workflow;
}

async function publish(id: string): Promise<{ workflow: Workflow; version: Version }> {
  const { status, body } = await request<{ workflow: Workflow; version: Version }>(
    'POST',
    at(`/${id}/publish`),
  );
  expect(status).toBe(200);
  return body;
}

beforeAll(async () => {
  api = await openTestApi({ routes: ROUTES });
  org = await api.createOrg();
});
afterAll(async () => api.close());

describe('POST …/publish', () => {
  it('200: freezes the draft as version n+1; an unchanged draft gives the version that exists', async () => {
    const { id } = await create({ definition: definition('one') });
    const first = await publish(id);
    expect(first.workflow).toMatchObject({ id, status: 'published', version: 1 });
    expect(first.version).toEqual({
      workflowId: id,
      version: 1,
      definition: definition('one'),
      digest: createHash('sha256')
        .update(JSON.stringify(definition('one')))
        .digest('hex'),
      createdAt: expect.stringMatching(TIME),
      publishedBy: org.keyId,
    });
    expect(await publish(id)).toEqual(first);
    await request('PUT', at(`/${id}`), { json: { definition: definition('two') } });
    expect((await publish(id)).version).toMatchObject({ version: 2, definition: definition('two') });
    // Back to an older text: it differs from the newest version, so it is a new one.
    await request('PUT', at(`/${id}`), { json: { definition: definition('one') } });
    expect((await publish(id)).version.version).toBe(3);
  });

  it('makes one version of one draft, however many publish it at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await create();
      const results = await Promise.all(Array.from({ length: 12 }, async () => publish(id)));
      expect(new Set(results.map(({ version }) => version.version))).toEqual(new Set([1]));
      const { body } = await request<PageOf<VersionSummary>>('GET', at(`/${id}/versions`));
      expect(body.items).toHaveLength(1);
    }
  });

  it('numbers versions without gaps while drafts are replaced and published at the same time', async () => {
    const { id } = await create();
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        await request('PUT', at(`/${id}`), { json: { definition: definition(`text ${n}`) } });
        await request('POST', at(`/${id}/publish`));
      }),
    );
    await publish(id);
    const { body } = await request<PageOf<VersionSummary>>('GET', at(`/${id}/versions`));
    const numbers = body.items.map(({ version }) => version);
    expect(numbers).toEqual(Array.from(numbers, (_, n) => numbers.length - n));
    const digests = body.items.map(({ digest }) => digest);
    expect(digests.filter((digest, n) => digest === digests[n + 1])).toEqual([]);
  });
});

describe('GET …/versions', () => {
  it('200: page by page, newest first', async () => {
    const { id } = await create();
    for (const text of ['one', 'two', 'three']) {
      await request('PUT', at(`/${id}`), { json: { definition: definition(text) } });
      await publish(id);
    }
    const first = await request<PageOf<VersionSummary>>('GET', at(`/${id}/versions?limit=2`));
    expect(first.body.items.map(({ version }) => version)).toEqual([3, 2]);
    const second = await request<PageOf<VersionSummary>>(
      'GET',
      at(`/${id}/versions?limit=2&cursor=${first.body.nextCursor}`),
    );
    expect(second.body).toMatchObject({ items: [{ version: 1 }], nextCursor: null });
  });
});
