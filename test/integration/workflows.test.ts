import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Version } from '../../lib/db/versions.ts';
import type { Workflow, WorkflowSummary } from '../../lib/db/workflows.ts';
import type { PageOf } from '../../lib/http/page.ts';
import type { Problem } from '../../lib/http/problem.ts';
import { openTestApi, type Answer, type RequestOptions, type TestApi, type TestOrg } from '../support/api.ts';
import { definition, yamlDefinition } from '../support/definitions.ts';

const ROUTES = [
  'create-org',
  'create-workflow',
  'validate-workflow',
  'list-workflows',
  'get-workflow',
  'replace-workflow',
  'archive-workflow',
  'publish-workflow',
  'list-versions',
  'get-version',
];
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const YAML = { 'content-type': 'application/yaml' };
const JSON_TYPE = { 'content-type': 'application/json' };

let api: TestApi;
let org: TestOrg;

const at = (path = ''): string => `/v1/orgs/${org.id}/workflows${path}`;
const request = async <Body = Problem>(
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer<Body>> => api.request(method, path, { key: org.key, ...options });

async function create(json: unknown = { definition: definition() }): Promise<Workflow> {
  const { status, body } = await request<{ workflow: Workflow }>('POST', at(), { json });
  expect(status).toBe(201);
  return body.workflow;
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
  api = await openTestApi({ routes: ROUTES, env: { MAX_DEFINITION_BYTES: '4096' } });
  org = await api.createOrg();
});
afterAll(async () => api.close());

describe('POST …/workflows', () => {
  it('201: a draft, with its Location', async () => {
    const { status, headers, body } = await request<{ workflow: Workflow }>('POST', at(), {
      json: { name: 'My greeter 😀', definition: definition() },
    });
    expect(status).toBe(201);
    expect(body.workflow).toEqual({
      id: expect.stringMatching(UUID_V7),
      orgId: org.id,
      name: 'My greeter 😀',
      status: 'draft',
      version: null,
      definition: definition(),
      createdAt: expect.stringMatching(TIME),
      updatedAt: expect.stringMatching(TIME),
    });
    expect(headers.get('location')).toBe(at(`/${body.workflow.id}`));
    expect((await request('GET', at(`/${body.workflow.id}`))).body).toEqual(body);
  });

  it.each(['application/yaml', 'application/x-yaml', 'text/yaml; charset=utf-8'])(
    '201 for a bare definition as %s, named by its document',
    async (type) => {
      const { status, body } = await request<{ workflow: Workflow }>('POST', at(), {
        body: yamlDefinition(),
        headers: { 'content-type': type },
      });
      expect(status).toBe(201);
      expect(body.workflow).toMatchObject({ name: 'greeter', definition: definition() });
    },
  );

  it('201 for a bare definition as JSON', async () => {
    expect(await create(definition())).toMatchObject({ name: 'greeter', definition: definition() });
  });

  it('keeps the order of keys and \\u0000 in the definition', async () => {
    const text = JSON.stringify(definition('a\0b')).replace('"text"', '"z":1,"a":2,"text"');
    const { status, body } = await request<{ workflow: Workflow }>('POST', at(), {
      body: text,
      headers: JSON_TYPE,
    });
    expect(status).toBe(201);
    const got = await request<{ workflow: Workflow }>('GET', at(`/${body.workflow.id}`));
    expect(JSON.stringify(got.body.workflow.definition)).toBe(text);
    // Of a version the database reads members, which it cannot with such text in it.
    const published = await request('POST', at(`/${body.workflow.id}/publish`));
    expect([published.status, published.body.code]).toEqual([422, 'WORKFLOW_INVALID']);
  });

  it('422 WORKFLOW_INVALID lists every problem with its path in the body', async () => {
    const broken = { ...definition(), do: [{ a: { set: 1 } }, { b: { nonsense: {} } }] };
    const wrapped = await request('POST', at(), { json: { definition: broken } });
    expect({ status: wrapped.status, code: wrapped.body.code }).toEqual({
      status: 422,
      code: 'WORKFLOW_INVALID',
    });
    const paths = wrapped.body.errors?.map(({ path }) => path) ?? [];
    expect(paths.some((path) => path.startsWith('/definition/do/0/a'))).toBe(true);
    expect(paths.some((path) => path.startsWith('/definition/do/1/b'))).toBe(true);
    const bare = await request('POST', at(), { json: broken });
    expect(bare.body.errors?.map(({ path }) => `/definition${path}`)).toEqual(paths);
  });

  it.each([
    ['broken JSON', '{"definition":', JSON_TYPE, 400, 'INVALID_JSON'],
    ['broken YAML', 'do: [', YAML, 400, 'INVALID_YAML'],
    ['an empty YAML body', '', YAML, 400, 'INVALID_YAML'],
    ['bad UTF-8 in JSON', new Uint8Array([0x7b, 0xff, 0x7d]), JSON_TYPE, 400, 'INVALID_JSON'],
    ['bad UTF-8 in YAML', new Uint8Array([0x61, 0xff]), YAML, 400, 'INVALID_YAML'],
    ['a NUL byte in YAML', 'a: "\0"', YAML, 400, 'INVALID_YAML'],
    ['10,000 levels of JSON', '['.repeat(10_000) + ']'.repeat(10_000), JSON_TYPE, 400, 'INVALID_JSON'],
    ['3,000 levels of YAML', '['.repeat(2000) + ']'.repeat(2000), YAML, 400, 'INVALID_YAML'],
    ['no body', '', JSON_TYPE, 422, 'VALIDATION_FAILED'],
    ['a definition that is text', '{"definition":"do: []"}', JSON_TYPE, 422, 'VALIDATION_FAILED'],
    [
      'an unknown member',
      JSON.stringify({ definition: definition(), draft: true }),
      JSON_TYPE,
      422,
      'VALIDATION_FAILED',
    ],
    [
      'NUL in the name',
      JSON.stringify({ name: '\0', definition: definition() }),
      JSON_TYPE,
      422,
      'VALIDATION_FAILED',
    ],
    [
      'a lone surrogate in the name',
      String.raw`{"name":"\ud83d","definition":{}}`,
      JSON_TYPE,
      422,
      'VALIDATION_FAILED',
    ],
    ['another media type', 'do: []', { 'content-type': 'text/plain' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a long definition in YAML', yamlDefinition('x'.repeat(4096)), YAML, 413, 'PAYLOAD_TOO_LARGE'],
    [
      'a long bare definition',
      JSON.stringify(definition('x'.repeat(4096))),
      JSON_TYPE,
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'a long definition',
      JSON.stringify({ definition: definition('x'.repeat(4096)) }),
      JSON_TYPE,
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    ['a huge body', ' '.repeat((1 << 20) + 1), YAML, 413, 'PAYLOAD_TOO_LARGE'],
  ])('refuses %s', async (_name, body, headers, status, code) => {
    const answer = await request('POST', at(), { body, headers });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });
});

describe('POST …/workflows/validate', () => {
  it('200 with what is valid and what is not, storing nothing', async () => {
    const before = await request<PageOf<WorkflowSummary>>('GET', at('?limit=200'));
    const good = await request('POST', at('/validate'), { body: yamlDefinition(), headers: YAML });
    expect(good).toMatchObject({ status: 200, body: { valid: true, errors: [] } });
    const bad = await request('POST', at('/validate'), {
      json: { definition: { ...definition(), do: [{ a: { set: 1 } }] } },
    });
    expect(bad).toMatchObject({ status: 200, body: { valid: false } });
    expect(bad.body.errors?.[0]?.path).toMatch(/^\/definition\/do\/0\/a/);
    expect((await request('GET', at('?limit=200'))).body).toEqual(before.body);
  });

  it('400 for what does not parse', async () => {
    expect((await request('POST', at('/validate'), { body: '{', headers: JSON_TYPE })).status).toBe(400);
  });
});

describe('PUT …/workflows/:workflowId', () => {
  it('200: replaces draft and name, leaves published versions', async () => {
    const { id } = await create({ name: 'first', definition: definition('one') });
    await publish(id);
    const { status, body } = await request<{ workflow: Workflow }>('PUT', at(`/${id}`), {
      json: { definition: definition('two', 'second') },
    });
    expect(status).toBe(200);
    expect(body.workflow).toMatchObject({
      name: 'second',
      status: 'published',
      version: 1,
      definition: definition('two', 'second'),
    });
    const version = await request<{ version: Version }>('GET', at(`/${id}/versions/1`));
    expect(version.body.version.definition).toEqual(definition('one'));
  });

  it('422 leaves the draft as it was', async () => {
    const workflow = await create();
    expect((await request('PUT', at(`/${workflow.id}`), { json: { definition: {} } })).status).toBe(422);
    expect((await request('GET', at(`/${workflow.id}`))).body).toEqual({ workflow });
  });
});

describe('DELETE …/workflows/:workflowId', () => {
  it('204: archived, again too; it can be read, but not changed or published', async () => {
    const { id } = await create();
    expect((await request('DELETE', at(`/${id}`))).status).toBe(204);
    const { body } = await request<{ workflow: Workflow }>('GET', at(`/${id}`));
    expect(body.workflow).toMatchObject({ status: 'archived', archivedAt: expect.stringMatching(TIME) });
    expect((await request('DELETE', at(`/${id}`))).status).toBe(204);
    expect((await request('GET', at(`/${id}`))).body).toEqual(body);
    for (const [method, path, options] of [
      ['POST', `/${id}/publish`, {}],
      ['PUT', `/${id}`, { json: { definition: definition() } }],
    ] as const) {
      const answer = await request(method, at(path), options);
      expect({ status: answer.status, code: answer.body.code }).toEqual({
        status: 409,
        code: 'INVALID_STATE',
      });
    }
  });

  it('is hidden from the list unless asked for', async () => {
    const { id } = await create();
    await request('DELETE', at(`/${id}`));
    const ids = async (query: string): Promise<string[]> =>
      (await request<PageOf<WorkflowSummary>>('GET', at(query))).body.items.map((item) => item.id);
    expect(await ids('?limit=200')).not.toContain(id);
    expect(await ids('?limit=200&archived=true')).toContain(id);
    expect((await request('GET', at('?archived=yes'))).status).toBe(422);
  });
});

describe('lists', () => {
  it('of workflows go page by page, newest first, without definitions', async () => {
    const fresh = await api.createOrg();
    const made: string[] = [];
    for (let n = 0; n < 5; n++) {
      const options = { key: fresh.key, json: { definition: definition() } };
      const { body } = await api.request<{ workflow: Workflow }>(
        'POST',
        `/v1/orgs/${fresh.id}/workflows`,
        options,
      );
      made.push(body.workflow.id);
    }
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const path: string = `/v1/orgs/${fresh.id}/workflows?limit=2${cursor && `&cursor=${cursor}`}`;
      const { body }: Answer<PageOf<WorkflowSummary>> = await api.request('GET', path, { key: fresh.key });
      expect(body.items.every((item) => !('definition' in item))).toBe(true);
      seen.push(...body.items.map((item) => item.id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(made.reverse());
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'cursor=x'])('answer 422 for ?%s', async (query) => {
    for (const path of ['', `/${(await create()).id}/versions`]) {
      const { status, body } = await request('GET', at(`${path}?${query}`));
      expect(status).toBe(422);
      expect(body.errors?.[0]?.path).toBe(`query/${query.split('=')[0]}`);
    }
  });
});
