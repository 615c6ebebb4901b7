import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { HttpFailure, type HttpRequest, type HttpResponse, type Secrets } from '../../../lib/engine/types.ts';
import type { Json } from '../../../lib/jq/index.ts';
import { findResources } from '../../../lib/resources/find.ts';
import { pinResources } from '../../../lib/resources/pin.ts';
import type { KeptResources } from '../../../lib/resources/types.ts';
import { openapi } from './openapi/documents.ts';

const PETS = 'https://docs.example.org/secret-path/pets.json?key=value';
const SCHEMA = 'https://docs.example.org/schema';

interface Answer {
  status?: number;
  body?: string | Uint8Array;
  url?: string;
}
type Service = (request: HttpRequest) => Answer | Promise<Answer>;

/** Pins a definition's resources with a service that answers everything. */
async function pin(definition: Json, service: Service, secrets: Secrets = { values: {}, missing: [] }) {
  const requests: HttpRequest[] = [];
  let asked = 0;
  const http = async (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
    signal.throwIfAborted();
    requests.push(request);
    const { status = 200, body = '', url = request.url } = await service(request);
    return { status, headers: {}, body: typeof body === 'string' ? Buffer.from(body) : body, url };
  };
  const pinned = await pinResources({
    definition,
    uses: findResources(definition),
    secrets: async () => {
      asked += 1;
      return secrets;
    },
    http,
    signal: new AbortController().signal,
  });
  return { pinned, requests, asked };
}

const petCall = (endpoint: Json = PETS, operationId: Json = 'op'): Json => ({
  call: 'openapi',
  with: { document: { endpoint }, operationId },
});
const grpcCall = (endpoint: string): Json => ({
  call: 'grpc',
  with: { proto: { endpoint }, service: { name: 'Greeter', host: 'example.org' }, method: 'Hi' },
});
const workflow = (...tasks: Json[]): Json => ({ do: tasks.map((task, n) => ({ [`t${n}`]: task })) });
const json = (value: Json): Answer => ({ body: JSON.stringify(value) });

async function kept(definition: Json, service: Service): Promise<KeptResources> {
  const { pinned } = await pin(definition, service);
  if (!pinned.ok) throw new Error(JSON.stringify(pinned.errors));
  return pinned.resources;
}

async function errorsOf(definition: Json, service: Service, secrets?: Secrets) {
  const { pinned } = await pin(definition, service, secrets);
  if (pinned.ok) throw new Error(JSON.stringify(pinned.resources));
  return pinned.errors;
}

describe('pinning', () => {
  it('keeps by pointer the URL, the hash of the bytes and what is needed', async () => {
    const text = JSON.stringify(openapi({}));
    const resources = await kept(workflow(petCall()), () => ({ body: text }));
    const { uri, sha256, text: operation } = resources['/do/0/t0/with/document'] ?? { text: '' };
    expect({ uri, sha256 }).toEqual({ uri: PETS, sha256: createHash('sha256').update(text).digest('hex') });
    expect(JSON.parse(operation)).toMatchObject({ method: 'GET', path: '/pets' });
  });

  it('fetches a document once, however many tasks name it', async () => {
    const { pinned, requests, asked } = await pin(workflow(petCall(), petCall(), petCall()), () =>
      json(openapi({})),
    );
    expect(pinned.ok && Object.keys(pinned.resources)).toHaveLength(3);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'GET', url: PETS, followRedirects: true });
    expect(asked).toBe(0);
  });

  it('takes YAML, resolves relative servers against where a redirect led, and keeps .proto texts and schemas', async () => {
    const proto = 'syntax = "proto3";\nmessage A {} service Greeter { rpc Hi (A) returns (A); }';
    const definition = workflow(petCall(), grpcCall('https://docs.example.org/greet.proto'), {
      set: {},
      input: { schema: { resource: { endpoint: SCHEMA } } },
    });
    const resources = await kept(definition, ({ url }) => {
      if (url === SCHEMA) return { body: 'type: object\nrequired: [a]\n' };
      if (url.endsWith('.proto')) return { body: proto };
      const body = 'openapi: 3.0.0\nservers: [{ url: v1 }]\npaths: { /pets: { get: { operationId: op } } }';
      return { body, url: 'https://cdn.example.org/x/pets.yaml' };
    });
    expect(JSON.parse(resources['/do/0/t0/with/document']?.text ?? '')).toMatchObject({
      server: 'https://cdn.example.org/x/v1',
    });
    expect(resources['/do/1/t1/with/proto']?.text).toBe(proto);
    expect(resources['/do/2/t2/input/schema/resource']?.text).toBe('{"type":"object","required":["a"]}');
  });
});

describe('authenticated documents', () => {
  const basic = { basic: { username: 'reader', password: '${ $secrets.docs }' } };
  const endpoint = { uri: PETS, authentication: { use: 'docs' } };
  const definition = {
    ...(workflow(petCall(endpoint)) as { [key: string]: Json }),
    use: { secrets: ['docs'], authentications: { docs: basic } },
  };

  it('sends the credentials, with the secrets of the org', async () => {
    const { pinned, requests, asked } = await pin(definition, () => json(openapi({})), {
      values: { docs: 'open sesame' },
      missing: [],
    });
    expect(pinned.ok).toBe(true);
    expect(asked).toBe(1);
    const credentials = Buffer.from('reader:open sesame').toString('base64');
    expect(requests[0]?.headers).toMatchObject({ authorization: `Basic ${credentials}` });
  });

  it('says which secret is missing', async () => {
    const secrets = { values: {}, missing: ['docs'] };
    expect(await errorsOf(definition, () => json(openapi({})), secrets)).toEqual([
      { path: '/do/0/t0/with/document/endpoint', message: expect.stringContaining('no secret "docs"') },
    ]);
  });

  it('never shows a secret, whoever repeats it', async () => {
    const secrets = { values: { docs: 'open-sesame' }, missing: [] };
    const errors = await errorsOf(
      definition,
      () => Promise.reject(new HttpFailure('network', 'the host said open-sesame')),
      secrets,
    );
    expect(errors[0]?.message).toBe('the host said ***');
  });

  it('takes the same URL with other credentials for another document', async () => {
    const other = { uri: PETS, authentication: { bearer: { token: 'x' } } };
    const { requests } = await pin(workflow(petCall(), petCall(other)), () => json(openapi({})));
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual([undefined, 'Bearer x']);
  });
});

describe('problems', () => {
  const at = '/do/0/t0/with/document';

  it.each<[string, Service, string, RegExp]>([
    [
      'the host cannot be reached',
      () => Promise.reject(new HttpFailure('network', 'docs.example.org refused')),
      `${at}/endpoint`,
      /docs\.example\.org refused/,
    ],
    [
      '404',
      () => ({ status: 404, body: 'SECRET' }),
      `${at}/endpoint`,
      /^docs\.example\.org answered 404; a 2xx/,
    ],
    ['a redirect that leads nowhere', () => ({ status: 304 }), `${at}/endpoint`, /answered 304/],
    ['nothing', () => ({ body: '  ' }), at, /is empty; expected JSON or YAML/],
    [
      'a page',
      () => ({ body: '<!DOCTYPE html><html lang="SECRET"></html>' }),
      at,
      /neither `openapi` nor `swagger`/,
    ],
    ['broken JSON', () => ({ body: '{"openapi": SECRET' }), at, /not valid JSON \(line 1, column \d+\)$/],
    ['broken YAML', () => ({ body: 'a: [SECRET\nb: }' }), at, /not valid YAML \(line \d+, column \d+\)$/],
    ['no UTF-8', () => ({ body: Uint8Array.of(0xff, 0xfe, 0x00) }), at, /is not UTF-8 text/],
    [
      'YAML of a size that takes too long',
      () => ({ body: `a: 1\n#${'x'.repeat(300_000)}` }),
      at,
      /YAML may have 262144 bytes/,
    ],
    [
      'no such operation',
      () => json(openapi({ operationId: 'other' })),
      '/do/0/t0/with/operationId',
      /no operation `op`; it has `other`/,
    ],
  ])(
    '%s: the pointer and what would be right, never path, query or content',
    async (_, service, path, message) => {
      const [problem, ...others] = await errorsOf(workflow(petCall()), service);
      expect(others).toEqual([]);
      expect(problem).toEqual({ path, message: expect.stringMatching(message) });
      expect(problem?.message).not.toMatch(/SECRET|secret-path|key=value/);
    },
  );

  it('names every problem at once, in the order of the definition', async () => {
    const definition = workflow(petCall(), petCall(`${PETS}2`), petCall(PETS, 'none'));
    const paths = (
      await errorsOf(definition, ({ url }) => (url === PETS ? json(openapi({})) : { status: 500 }))
    ).map(({ path }) => path);
    expect(paths).toEqual(['/do/1/t1/with/document/endpoint', '/do/2/t2/with/operationId']);
  });

  it('sends nothing for an expression, a template or another scheme', async () => {
    for (const uri of ['${ "https://a.example" }', 'https://a.example/{x}', 'file:///etc/passwd', 'x']) {
      const { pinned, requests } = await pin(workflow(petCall(uri)), () => json(openapi({})));
      expect({ uri, ok: pinned.ok, requests }).toEqual({ uri, ok: false, requests: [] });
    }
  });

  it('refuses an operationId that is an expression', async () => {
    const [problem] = await errorsOf(workflow(petCall(PETS, '${ .id }')), () => json(openapi({})));
    expect(problem).toEqual({
      path: '/do/0/t0/with/operationId',
      message: expect.stringContaining('must be the id itself'),
    });
  });

  it('refuses what is no schema, no .proto, and a .proto without the service', async () => {
    const definition = workflow(
      { set: {}, input: { schema: { resource: { endpoint: SCHEMA } } } },
      grpcCall(`${SCHEMA}2`),
      grpcCall(`${SCHEMA}3`),
    );
    const errors = await errorsOf(definition, ({ url }) => ({
      body: url === SCHEMA ? '{"type": "objekt"}' : url.endsWith('2') ? '<html>' : 'syntax = "proto3";',
    }));
    expect(errors).toEqual([
      { path: '/do/0/t0/input/schema/resource', message: expect.stringContaining('not a JSON schema') },
      { path: '/do/1/t1/with/proto', message: expect.stringContaining('.proto cannot be used') },
      { path: '/do/2/t2/with/proto', message: expect.stringContaining('no service Greeter') },
    ]);
  });
});

describe('bounds', () => {
  it('fetches at most 32 documents, and none when there are more', async () => {
    const calls = Array.from({ length: 33 }, (_, n) => petCall(`${PETS}${n}`));
    const { pinned, requests } = await pin(workflow(...calls), () => json(openapi({})));
    expect(pinned).toMatchObject({
      ok: false,
      errors: [{ path: '', message: expect.stringMatching(/33.*at most 32/) }],
    });
    expect(requests).toEqual([]);
  });

  it('keeps at most 2 MiB with a version', async () => {
    const schema = { resource: { endpoint: SCHEMA } };
    const tasks = Array.from({ length: 3 }, () => ({ set: {}, input: { schema } }));
    const body = JSON.stringify({ description: 'x'.repeat(900_000) });
    expect(await errorsOf(workflow(...tasks), () => ({ body }))).toEqual([
      { path: '', message: expect.stringMatching(/at most 2097152/) },
    ]);
  });

  it('works out once what many places need, also when it fails', async () => {
    const broken = `{ ${'"a": 1, '.repeat(30_000)}`;
    const calls = Array.from({ length: 250 }, () => petCall());
    const startedAt = performance.now();
    const errors = await errorsOf(workflow(...calls), () => ({ body: broken }));
    expect(errors).toHaveLength(201);
    expect(errors.at(-1)).toEqual({ path: '', message: 'and 50 more like these' });
    // Some hundred milliseconds each, if every place had the document parsed again.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('parses at most 1 MiB of YAML in all', async () => {
    const schema = (n: number): Json => ({ schema: { resource: { endpoint: `${SCHEMA}${n}` } } });
    const tasks = Array.from({ length: 6 }, (_, n) => ({ set: {}, input: schema(n) }));
    const body = `type: object\n#${'x'.repeat(200_000)}`;
    expect(await errorsOf(workflow(...tasks), () => ({ body }))).toEqual([
      {
        path: expect.stringMatching(/schema/),
        message: expect.stringMatching(/too much YAML; serve .* as JSON/),
      },
    ]);
  });

  it('sends at most four requests at a time', async () => {
    let open = 0;
    let most = 0;
    await pin(workflow(...Array.from({ length: 12 }, (_, n) => petCall(`${PETS}${n}`))), async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise(setImmediate);
      open -= 1;
      return json(openapi({}));
    });
    expect(most).toBe(4);
  });
});

describe('costs of a hostile definition', () => {
  it('thousands of problems, in tasks with very long names, are put in order in time', async () => {
    const name = 'n'.repeat(100_000);
    const definition: Json = {
      do: Array.from({ length: 1500 }, (_, n) => ({ [n === 0 ? name : `t${n}`]: petCall(PETS, `none${n}`) })),
    };
    const startedAt = performance.now();
    const errors = await errorsOf(definition, () => json(openapi({})));
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(errors[0]?.path).toBe(`/do/0/${name}/with/operationId`);
    expect(errors[1]?.path).toBe('/do/1/t1/with/operationId');
  });
});
