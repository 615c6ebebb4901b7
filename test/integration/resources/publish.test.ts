/** External documents are fetched when a version is published, and only then. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Version } from '../../../lib/db/versions.ts';
import type { Workflow } from '../../../lib/db/workflows.ts';
import type { KeptResources } from '../../../lib/resources/types.ts';
import type { Problem } from '../../../lib/http/problem.ts';
import { freePort } from '../../../scripts/stack/ports.ts';
import { openTestApi, type Answer, type TestApi, type TestOrg } from '../../support/api.ts';
import { petDocument, startPetService, type PetService } from './service.ts';

const ROUTES = [
  'create-org',
  'create-workflow',
  'replace-workflow',
  'publish-workflow',
  'validate-workflow',
  'put-secret',
];

let api: TestApi;
let org: TestOrg;
let service: PetService;

beforeAll(async () => {
  api = await openTestApi({ routes: ROUTES, env: { VESPID_EGRESS_ALLOW: '127.0.0.1' } });
  org = await api.createOrg();
});
afterAll(async () => api.close());
beforeEach(async () => {
  service = await startPetService();
});
afterEach(async () => service.close());

const at = (path = ''): string => `/v1/orgs/${org.id}${path}`;
const request = <Body = Problem>(method: string, path: string, json?: unknown): Promise<Answer<Body>> =>
  api.request(method, at(path), { key: org.key, ...(json !== undefined && { json }) });

function definition(endpoint: unknown = service.documentUrl, more: object = {}) {
  const call = {
    call: 'openapi',
    with: { document: { endpoint }, operationId: 'getPet', parameters: { id: 7 } },
  };
  return {
    document: { dsl: '1.0.3', namespace: 'test', name: 'pets', version: '1.0.0' },
    do: [{ getPet: call }],
    ...more,
  };
}

async function create(json: unknown): Promise<string> {
  const { status, body } = await request<{ workflow: Workflow }>('POST', '/workflows', { definition: json });
  expect(status).toBe(201);
  return body.workflow.id;
}

const publish = <Body = { version: Version } & Problem>(id: string): Promise<Answer<Body>> =>
  request<Body>('POST', `/workflows/${id}/publish`);

async function keptOf(id: string, version: number): Promise<KeptResources | null> {
  const [row] = await api.deps.sql<{ resources: KeptResources | null }[]>`
    SELECT resources FROM workflow_versions WHERE workflow_id = ${id} AND version = ${version}`;
  return row?.resources ?? null;
}

describe('publishing', () => {
  it('keeps what is needed of a document with the version, and fetches nothing for an unchanged draft', async () => {
    const id = await create(definition());
    expect(service.fetches()).toBe(0);
    const first = await publish(id);
    expect(first).toMatchObject({ status: 200, body: { version: { version: 1 } } });
    const kept = await keptOf(id, 1);
    expect(kept).toEqual({
      '/do/0/getPet/with/document': {
        uri: service.documentUrl,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        text: expect.stringContaining('"/pets/{id}"'),
      },
    });
    service.document = petDocument('/animals/{id}');
    expect((await publish(id)).body.version).toEqual(first.body.version);
    expect(service.fetches()).toBe(1);
    expect(await keptOf(id, 1)).toEqual(kept);
  });

  it('fetches again for a changed draft', async () => {
    const id = await create(definition());
    await publish(id);
    service.document = petDocument('/animals/{id}');
    const changed = definition();
    changed.document.version = '1.0.1';
    await request('PUT', `/workflows/${id}`, { definition: changed });
    expect((await publish(id)).body.version.version).toBe(2);
    expect((await keptOf(id, 1))?.['/do/0/getPet/with/document']?.text).toContain('/pets/');
    expect((await keptOf(id, 2))?.['/do/0/getPet/with/document']?.text).toContain('/animals/');
  });

  it('makes one version of one draft, however many publish it at the same time', async () => {
    const id = await create(definition());
    const answers = await Promise.all(Array.from({ length: 6 }, () => publish(id)));
    expect(answers.map(({ body }) => body.version.version)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('validates without fetching', async () => {
    const { status, body } = await request<{ valid: boolean }>('POST', '/workflows/validate', definition());
    expect({ status, valid: body.valid }).toEqual({ status: 200, valid: true });
    expect(service.seen).toEqual([]);
  });

  it('sends the credentials of a document, from the secrets of the org', async () => {
    expect((await request('PUT', '/secrets/docs', { value: 'open-sesame' })).status).toBe(201);
    const authentication = { bearer: { token: '${ $secrets.docs }' } };
    const endpoint = { uri: service.documentUrl, authentication };
    const id = await create(definition(endpoint, { use: { secrets: ['docs'] } }));
    expect((await publish(id)).status).toBe(200);
    expect(service.seen[0]?.headers).toMatchObject({ authorization: 'Bearer open-sesame' });
    expect(JSON.stringify(await keptOf(id, 1))).not.toContain('sesame');
  });
});

describe('a document that cannot be used: 422 with its place and what would be right', () => {
  const pointer = '/do/0/getPet/with/document';

  async function refusal(json: unknown) {
    const id = await create(json);
    const { status, body } = await publish(id);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'WORKFLOW_INVALID' });
    expect(await keptOf(id, 1)).toBeNull();
    expect(JSON.stringify(body)).not.toContain('SECRET');
    return body.errors;
  }

  it('the server is down', async () => {
    const port = await freePort();
    const errors = await refusal(definition(`http://127.0.0.1:${port}/pets.json`));
    expect(errors).toEqual([
      { path: `${pointer}/endpoint`, message: expect.stringContaining(`127.0.0.1:${port}`) },
    ]);
  });

  it('nothing is there', async () => {
    service.document = null;
    expect(await refusal(definition())).toEqual([
      {
        path: `${pointer}/endpoint`,
        message: `127.0.0.1:${service.port} answered 404; a 2xx with the document is needed`,
      },
    ]);
  });

  it('something else is there', async () => {
    service.document = '{"hello": "SECRET"}';
    expect(await refusal(definition())).toEqual([
      { path: pointer, message: expect.stringContaining('neither `openapi` nor `swagger`') },
    ]);
  });

  it('more than 1 MiB is there', async () => {
    service.document = JSON.stringify({ openapi: '3.0.0', info: 'x'.repeat(1 << 20) });
    expect(await refusal(definition())).toEqual([
      { path: `${pointer}/endpoint`, message: expect.stringContaining('larger than 1048576 bytes') },
    ]);
  });

  it('no call may go there', async () => {
    const errors = await refusal(definition('http://169.254.169.254/latest/meta-data'));
    expect(errors).toEqual([
      { path: `${pointer}/endpoint`, message: expect.stringMatching(/169\.254\.169\.254.*not/) },
    ]);
  });

  it('the operation is missing', async () => {
    const json = JSON.stringify(definition()).replace('"getPet","parameters"', '"getPets","parameters"');
    expect(await refusal(JSON.parse(json))).toEqual([
      {
        path: '/do/0/getPet/with/operationId',
        message: 'the document has no operation `getPets`; did you mean `getPet`?',
      },
    ]);
  });

  it('the credentials need a secret that the org does not have', async () => {
    const endpoint = {
      uri: service.documentUrl,
      authentication: { bearer: { token: '${ $secrets.none }' } },
    };
    expect(await refusal(definition(endpoint, { use: { secrets: ['none'] } }))).toEqual([
      { path: `${pointer}/endpoint`, message: 'The org has no secret "none".' },
    ]);
    expect(service.seen).toEqual([]);
  });
});
