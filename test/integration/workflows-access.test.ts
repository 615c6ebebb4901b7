import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Workflow } from '../../lib/db/workflows.ts';
import type { Problem } from '../../lib/http/problem.ts';
import { openTestApi, type Answer, type RequestOptions, type TestApi, type TestOrg } from '../support/api.ts';
import { definition } from '../support/definitions.ts';

const ROUTES = [
  'create-org',
  'create-api-key',
  'delete-api-key',
  'create-workflow',
  'list-workflows',
  'get-workflow',
  'replace-workflow',
  'archive-workflow',
  'publish-workflow',
  'list-versions',
  'get-version',
];
const NO_ID = '0198c0de-0000-7000-8000-000000000001';

let api: TestApi;
let org: TestOrg;
let other: TestOrg;
/** A published workflow of the org. */
let own: Workflow;
/** A published workflow of the other org. */
let foreign: Workflow;

const at = (path = ''): string => `/v1/orgs/${org.id}/workflows${path}`;
const request = async (
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer<Problem>> => api.request(method, path, { key: org.key, ...options });

async function createPublished({ id, key }: TestOrg): Promise<Workflow> {
  const options = { key, json: { definition: definition() } };
  const { body } = await api.request<{ workflow: Workflow }>('POST', `/v1/orgs/${id}/workflows`, options);
  await api.request('POST', `/v1/orgs/${id}/workflows/${body.workflow.id}/publish`, { key });
  return body.workflow;
}

beforeAll(async () => {
  api = await openTestApi({ routes: ROUTES });
  org = await api.createOrg();
  other = await api.createOrg();
  own = await createPublished(org);
  foreign = await createPublished(other);
});
afterAll(async () => api.close());

/** Every route with a workflow in its path. */
const each = (id: string): [string, string, RequestOptions?][] => [
  ['GET', `/${id}`],
  ['PUT', `/${id}`, { json: { definition: definition() } }],
  ['DELETE', `/${id}`],
  ['POST', `/${id}/publish`],
  ['GET', `/${id}/versions`],
  ['GET', `/${id}/versions/1`],
];

describe('what is not there', () => {
  it('404 for another org’s workflow, exactly as for none', async () => {
    const headers = { 'x-request-id': 'same' };
    const missing = each(NO_ID);
    for (const [index, [method, path, options]] of each(foreign.id).entries()) {
      const theirs = await request(method, at(path), { ...options, headers });
      const none = await request(method, at(missing[index]?.[1]), { ...options, headers });
      expect([method, path, theirs.status]).toEqual([method, path, 404]);
      expect(theirs.text).toBe(none.text);
    }
    const untouched = await api.request<{ workflow: Workflow }>(
      'GET',
      `/v1/orgs/${other.id}/workflows/${foreign.id}`,
      { key: other.key },
    );
    expect(untouched.body.workflow).toMatchObject({ status: 'published', version: 1 });
  });

  it('404 for another org in the path', async () => {
    for (const [method, path, options] of each(foreign.id)) {
      expect((await request(method, `/v1/orgs/${other.id}/workflows${path}`, options)).status).toBe(404);
    }
    expect((await request('GET', `/v1/orgs/${other.id}/workflows`)).status).toBe(404);
  });

  it('404, not 500, for ids and versions that are none', async () => {
    const { id } = own;
    for (const wrong of ['1', 'validate', `${id}x`, '%00', '%f0%9f%98%80']) {
      for (const [method, path, options] of each(wrong)) {
        expect([method, path, (await request(method, at(path), options)).status]).toEqual([
          method,
          path,
          404,
        ]);
      }
    }
    for (const version of ['0', '-1', '2', '1.0', 'x', '99999999999999999999', '2147483648']) {
      expect((await request('GET', at(`/${id}/versions/${version}`))).status).toBe(404);
    }
  });
});

describe('scopes', () => {
  it('403 naming the scope that is missing, before the body is looked at', async () => {
    const { id } = own;
    const reader = await api.createKey(org, ['workflows:read']);
    const writer = await api.createKey(org, ['workflows:write']);
    for (const [method, path, options] of [
      ...each(id),
      ['POST', '', { json: {} }] as const,
      ['GET', ''] as const,
    ]) {
      const [key, scope] =
        method === 'GET' ? [writer.key, 'workflows:read'] : [reader.key, 'workflows:write'];
      const { status, body } = await request(method, at(path), { ...options, key });
      expect([method, path, status, body.code]).toEqual([method, path, 403, 'FORBIDDEN']);
      expect(body.detail).toContain(`"${scope}"`);
    }
  });

  it('401 for a revoked key', async () => {
    const { id, key } = await api.createKey(org, ['workflows:read']);
    expect((await request('GET', at(), { key })).status).toBe(200);
    await request('DELETE', `/v1/orgs/${org.id}/api-keys/${id}`);
    expect((await request('GET', at(), { key })).status).toBe(401);
  });
});
