/** `input.schema` at the API: a start is held against the version that is then inserted (contract, section 2). */
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../../lib/db/runs/row.ts';
import type { Problem } from '../../../lib/http/problem.ts';
import { openTestApi, type Answer, type TestApi, type TestOrg } from '../../support/api.ts';

let api: TestApi;
let org: TestOrg;
let sql: postgres.Sql;

beforeAll(async () => {
  api = await openTestApi();
  org = await api.createOrg();
  sql = postgres(api.databaseUrl, { max: 2 });
});
afterAll(async () => {
  await sql.end();
  await api.close();
});

type Started = { run: Run } & Problem;
type BatchAnswer = { items: ({ run: Run; problem?: undefined } | { run?: undefined; problem: Problem })[] };

/** A definition whose input must be valid against a schema; none: it takes anything. */
const definition = (schema?: unknown) => ({
  document: { dsl: '1.0.3', namespace: 'test', name: 'checked', version: '1.0.0' },
  ...(schema === undefined ? {} : { input: { schema: { document: schema } } }),
  do: [{ answer: { set: { done: true } } }],
});
const ORDER = {
  type: 'object',
  required: ['petId'],
  properties: { petId: { type: 'integer' }, tags: { type: 'array', items: { type: 'string' } } },
  additionalProperties: false,
};

const at = (path: string): string => `/v1/orgs/${org.id}/workflows${path}`;
const call = async <Body>(
  method: string,
  path: string,
  json?: unknown,
  headers = {},
): Promise<Answer<Body>> =>
  api.request(method, at(path), { key: org.key, headers, ...(json === undefined ? {} : { json }) });

/** Creates a workflow, or replaces its draft, and publishes it. */
async function publish(content: unknown, id?: string): Promise<string> {
  const written =
    id === undefined
      ? await call<{ workflow: { id: string } }>('POST', '', { definition: content })
      : await call<{ workflow: { id: string } }>('PUT', `/${id}`, { definition: content });
  const workflowId = written.body.workflow.id;
  const { status, text } = await call('POST', `/${workflowId}/publish`);
  if (status !== 200) throw new Error(`not published: ${text}`);
  return workflowId;
}

const start = (id: string, body: unknown, headers = {}): Promise<Answer<Started>> =>
  call('POST', `/${id}/runs`, body, headers);
const runsOf = async (id: string): Promise<{ version: number; input: unknown }[]> =>
  sql<{ version: number; input: unknown }[]>`
    SELECT version, input FROM workflow_runs WHERE workflow_id = ${id} ORDER BY id`;

describe('422 INPUT_INVALID', () => {
  it('names every place in the body that is wrong, and stores nothing', async () => {
    const id = await publish(definition(ORDER));
    const { status, body, text } = await start(id, { input: { tags: ['a', 7], owner: 'secret-value' } });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'INPUT_INVALID' });
    expect(body.errors).toEqual([
      { path: '/input', message: 'missing property `petId`' },
      { path: '/input/tags/1', message: 'must be a string; it is a number' },
      { path: '/input/owner', message: 'is not allowed; the properties are `petId`, `tags`' },
    ]);
    expect(text).not.toContain('secret-value');
    expect(await runsOf(id)).toEqual([]);
  });

  it('also for a body without an input, which is null', async () => {
    const id = await publish(definition(ORDER));
    const { status, body } = await start(id, undefined);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'INPUT_INVALID' });
    expect(body.errors).toEqual([{ path: '/input', message: 'must be an object; it is null' }]);
  });

  it('for a workflow written in YAML', async () => {
    const yaml = `
document: { dsl: 1.0.3, namespace: test, name: yaml, version: 1.0.0 }
input:
  schema:
    format: json
    document: { type: object, required: [petId], properties: { petId: { type: string, format: uuid } } }
do:
  - answer: { set: { done: true } }
`;
    const created = await api.request<{ workflow: { id: string } }>('POST', at(''), {
      key: org.key,
      body: yaml,
      headers: { 'content-type': 'application/yaml' },
    });
    const { id } = created.body.workflow;
    await call('POST', `/${id}/publish`);
    const refused = await start(id, { input: { petId: '1' } });
    expect(refused.body.errors).toEqual([{ path: '/input/petId', message: 'must be a UUID' }]);
    expect((await start(id, { input: { petId: randomUUID() } })).status).toBe(201);
  });

  it('when the check does not end within its budget', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 40 }, (_item, index) => {
        const next = { $ref: `#/$defs/step${index + 1}` };
        return [`step${index}`, { anyOf: [next, next] }];
      }),
    );
    const id = await publish(definition({ $ref: '#/$defs/step0', $defs: { ...chain, step40: false } }));
    const { status, body } = await start(id, { input: 1 });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'INPUT_INVALID' });
    expect(body.errors?.[0]?.message).toMatch(/cannot be checked: it exceeds the limit of/);
  });
});

describe('201', () => {
  it('for a valid input, also right after an invalid one', async () => {
    const id = await publish(definition(ORDER));
    expect((await start(id, { input: {} })).status).toBe(422);
    const { status, body } = await start(id, { input: { petId: 1 } });
    expect(status).toBe(201);
    expect(body.run).toMatchObject({ version: 1, input: { petId: 1 } });
    expect((await start(id, { input: { petId: 2 } })).status).toBe(201);
    expect((await runsOf(id)).map(({ input }) => input)).toEqual([{ petId: 1 }, { petId: 2 }]);
  });

  it('for the schema that was kept of an external resource when the version was published', async () => {
    const id = await publish(definition(true));
    const node = { resource: { endpoint: 'https://example.com/schema' } };
    const kept = { uri: 'https://example.com/schema', sha256: '', text: JSON.stringify(ORDER) };
    await sql`
      UPDATE workflow_versions SET definition = ${sql.json({ ...definition(), input: { schema: node } })},
        resources = ${sql.json({ '/input/schema/resource': kept })}
      WHERE workflow_id = ${id}`;
    expect((await start(id, { input: {} })).body.code).toBe('INPUT_INVALID');
    expect((await start(id, { input: { petId: 1 } })).status).toBe(201);
  });
});

describe('the version that is inserted is the version that was checked', () => {
  it('when a newer one was published since the last start', async () => {
    const id = await publish(definition({ type: 'integer' }));
    expect((await start(id, { input: 1 })).body.run.version).toBe(1);
    await publish(definition({ type: 'string' }), id);
    const refused = await start(id, { input: 2 });
    expect(refused.body.code).toBe('INPUT_INVALID');
    expect(refused.body.detail).toContain('version 2');
    expect((await start(id, { input: 'text' })).body.run.version).toBe(2);
    await publish(definition(), id);
    expect((await start(id, { input: 3 })).body.run.version).toBe(3);
    expect(await runsOf(id)).toEqual([
      { version: 1, input: 1 },
      { version: 2, input: 'text' },
      { version: 3, input: 3 },
    ]);
  });

  it('when the body names a version', async () => {
    const id = await publish(definition({ type: 'integer' }));
    await publish(definition({ type: 'string' }), id);
    expect((await start(id, { input: 'text', version: 1 })).body.code).toBe('INPUT_INVALID');
    expect((await start(id, { input: 1, version: 1 })).body.run.version).toBe(1);
    expect((await start(id, { input: 1, version: 2 })).body.code).toBe('INPUT_INVALID');
    const missing = await start(id, { input: 1, version: 3 });
    expect(missing.body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: '/version' }] });
  });

  it('while versions with other schemas are published all the time', async () => {
    const schemaOf = (version: number) => ({
      type: version % 2 === 1 ? 'integer' : 'string',
      title: `${version}`,
    });
    const id = await publish(definition(schemaOf(1)));
    let publishing = true;
    const publisher = (async () => {
      for (let version = 2; version <= 12; version++) await publish(definition(schemaOf(version)), id);
      publishing = false;
    })();
    const statuses = new Set<number>();
    const starter = async (input: unknown): Promise<void> => {
      while (publishing) statuses.add((await start(id, { input })).status);
    };
    await Promise.all([publisher, starter(1), starter('text'), starter(2)]);
    expect(statuses).toEqual(new Set([201, 422]));
    const wrong = (await runsOf(id)).filter(
      ({ version, input }) => typeof input !== (version % 2 === 1 ? 'number' : 'string'),
    );
    expect(wrong).toEqual([]);
  });
});

describe('batch', () => {
  it('answers each item for itself', async () => {
    const id = await publish(definition(ORDER));
    await publish(definition({ type: 'string' }), id);
    const items = [
      { input: 'text' },
      { input: { petId: 1 } },
      { input: { petId: 1 }, version: 1 },
      { input: { petId: 'x' }, version: 1 },
    ];
    const { status, body } = await call<BatchAnswer>('POST', `/${id}/runs/batch`, { items });
    expect(status).toBe(200);
    expect(body.items.map(({ run, problem }) => run?.version ?? problem?.errors)).toEqual([
      2,
      [{ path: '/input', message: 'must be a string; it is an object' }],
      1,
      [{ path: '/input/petId', message: 'must be an integer; it is a string' }],
    ]);
    expect(body.items.map(({ problem }) => problem?.code)).toEqual([
      undefined,
      'INPUT_INVALID',
      undefined,
      'INPUT_INVALID',
    ]);
    expect(await runsOf(id)).toHaveLength(2);
  });

  it('of 1000 items is checked within two seconds', async () => {
    const id = await publish(definition(ORDER));
    const items = Array.from({ length: 1000 }, (_item, index) => ({
      input: index % 2 === 0 ? { petId: index } : {},
    }));
    const startedAt = performance.now();
    const { body } = await call<BatchAnswer>('POST', `/${id}/runs/batch`, { items });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(body.items.map(({ run }) => run !== undefined)).toEqual(
      items.map((_item, index) => index % 2 === 0),
    );
  });
});

describe('Idempotency-Key', () => {
  it('can be used again after a 422: nothing was created', async () => {
    const id = await publish(definition(ORDER));
    const headers = { 'idempotency-key': randomUUID() };
    expect((await start(id, { input: {} }, headers)).body.code).toBe('INPUT_INVALID');
    const started = await start(id, { input: { petId: 1 } }, headers);
    expect(started.status).toBe(201);
    const again = await start(id, { input: { petId: 1 } }, headers);
    expect(again.body.run.id).toBe(started.body.run.id);
    expect(await runsOf(id)).toHaveLength(1);
  });

  it('gives the first run again although a newer version would refuse its input', async () => {
    const id = await publish(definition({ type: 'integer' }));
    const headers = { 'idempotency-key': randomUUID() };
    const first = await start(id, { input: 1 }, headers);
    await publish(definition({ type: 'string' }), id);
    const again = await start(id, { input: 1 }, headers);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body.run.id).toBe(first.body.run.id);
  });
});
