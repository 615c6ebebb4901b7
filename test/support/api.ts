/** The API in this process, on a database of its own: requests go to the application without a port. */
import { randomUUID } from 'node:crypto';
import { loadRoutes } from '../../handlers/routes.ts';
import { readConfig } from '../../lib/config.ts';
import { openDeps, type Deps } from '../../lib/deps.ts';
import { createApp, type App } from '../../lib/http/app.ts';
import type { Scope } from '../../lib/http/route.ts';
import { SECRETS_KEY } from './secrets-key.ts';
import { createTestDatabase, testRedisUrl } from './stack.ts';

export const ADMIN_TOKEN = 'the-operators-token';

export interface Answer<Body> {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed JSON; the caller says what it expects. An empty object when there is no body. */
  body: Body;
}

export interface RequestOptions {
  /** The API key to send. */
  key?: string;
  /** Sent as application/json. */
  json?: unknown;
  /** Sent as it is; say its type in `headers`. */
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

export interface TestOrg {
  id: string;
  /** A key of scope `admin`. */
  key: string;
  keyId: string;
}

export interface TestApi {
  app: App;
  deps: Deps;
  databaseUrl: string;
  request<Body>(method: string, path: string, options?: RequestOptions): Promise<Answer<Body>>;
  createOrg(): Promise<TestOrg>;
  /** A further key of the org with these scopes. */
  createKey(org: TestOrg, scopes: Scope[]): Promise<{ id: string; key: string }>;
  close(): Promise<void>;
}

/**
 * Opens the API.
 * @param options.routes names of handlers; none means all
 * @param options.env further variables of the environment, for example MAX_BODY_BYTES
 */
export async function openTestApi(
  options: { routes?: string[]; env?: Record<string, string> } = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const config = readConfig({
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    WORKFLOW_QUEUE_NAME: `test-${randomUUID()}`,
    VESPID_ADMIN_TOKEN: ADMIN_TOKEN,
    VESPID_SECRETS_KEY: SECRETS_KEY,
    LOG_LEVEL: 'silent',
    ...options.env,
  });
  const { deps, close } = withClose(openDeps(config), database.drop);
  const app = createApp(await loadRoutes(options.routes ?? []), deps, { documented: () => loadRoutes([]) });
  const request = async <Body>(
    method: string,
    path: string,
    given: RequestOptions = {},
  ): Promise<Answer<Body>> => {
    const answer = await app.request(path, toInit(method, given));
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
    // The test says what it expects and then checks it.
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: (isJson ? JSON.parse(text) : {}) as Body,
    };
  };
  return {
    app,
    deps,
    databaseUrl: database.url,
    request,
    async createOrg() {
      const { body } = await request<{ org: { id: string }; apiKey: { id: string; key: string } }>(
        'POST',
        '/v1/orgs',
        {
          json: { name: 'test' },
          headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        },
      );
      return { id: body.org.id, key: body.apiKey.key, keyId: body.apiKey.id };
    },
    async createKey(org, scopes) {
      const { body } = await request<{ apiKey: { id: string; key: string } }>(
        'POST',
        `/v1/orgs/${org.id}/api-keys`,
        {
          key: org.key,
          json: { scopes },
        },
      );
      return body.apiKey;
    },
    close,
  };
}

function withClose(opened: { deps: Deps; close(): Promise<void> }, drop: () => Promise<void>) {
  const close = async (): Promise<void> => {
    await opened.close();
    await drop();
  };
  return { deps: opened.deps, close };
}

function toInit(method: string, { key, json, body, headers = {} }: RequestOptions): RequestInit {
  const content = json === undefined ? body : JSON.stringify(json);
  return {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  };
}
