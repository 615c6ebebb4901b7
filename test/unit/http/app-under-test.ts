/** An application of given routes with everything outside it replaced: keys from a map, no database, no queue. */
import { openLog } from '../../../lib/telemetry/log.ts';
import type { StoredKey } from '../../../lib/db/key-lookup.ts';
import type { Deps } from '../../../lib/deps.ts';
import { hashSecret, makeApiKey } from '../../../lib/http/api-key.ts';
import { createApp, type App, type AppOptions } from '../../../lib/http/app.ts';
import { orgRoute, openRoute, type OrgRoute, type Route, type Scope } from '../../../lib/http/route.ts';

export const ORG_ID = '0198c0de-0000-7000-8000-000000000001';
export const OTHER_ORG_ID = '0198c0de-0000-7000-8000-000000000002';
export const ADMIN_TOKEN = 'the-operators-token';
const KEY_ID = '0198c0de-0000-7000-8000-00000000000a';

const NO_LIMITS = { maxRunsInFlight: null, maxRunsQueued: null, maxRequestsPerMinute: null };

/** A key of ORG_ID as a caller holds it, with its row. */
export function makeKey(scopes: Scope[]): { text: string; stored: StoredKey } {
  const { text, secretHash } = makeApiKey(KEY_ID);
  return { text, stored: { id: KEY_ID, orgId: ORG_ID, scopes, secretHash, limits: NO_LIMITS } };
}

export interface TestApp {
  app: App;
  /** The key of ORG_ID that is known, with scope `workflows:read`. */
  key: string;
  /** What was logged, a line each. */
  logged: string[];
  get: (path: string, headers?: Record<string, string>) => Promise<Response>;
}

/** Only what the http layer reads of the dependencies is there. */
export function openTestApp(
  routes: Route[],
  {
    adminToken = ADMIN_TOKEN,
    maxBodyBytes = 1024,
    ...options
  }: AppOptions & { adminToken?: string | null; maxBodyBytes?: number } = {},
): TestApp {
  const key = makeKey(['workflows:read']);
  const logged: string[] = [];
  const log = openLog('silent', 'test');
  log.error = (...line: unknown[]) => void logged.push(JSON.stringify(line));
  const deps = {
    config: { adminToken, maxBodyBytes, maxDefinitionBytes: 512 },
    log,
    keys: { find: async (id: string) => (id === KEY_ID ? key.stored : null), forget: () => {} },
    limits: { countRequest: async () => {} },
  } as unknown as Deps;
  const app = createApp(routes, deps, options);
  return { app, key: key.text, logged, get: async (path, headers = {}) => app.request(path, { headers }) };
}

/** A public route at `/probe`. */
export const publicRoute = (
  handler: Extract<Route, { access: 'public' | 'admin-token' }>['handler'],
): Route =>
  openRoute({
    name: 'probe',
    method: 'get',
    paths: ['/probe'],
    access: 'public',
    summary: '',
    answers: {},
    handler,
  });

/** A route of an org at `/v1/orgs/:orgId/things/:thingId`. */
export const thingRoute = (access: OrgRoute['access'], handler?: OrgRoute['handler']): Route =>
  orgRoute({
    name: 'thing',
    method: 'get',
    paths: ['/v1/orgs/:orgId/things/:thingId'],
    access,
    summary: '',
    answers: {},
    handler: handler ?? (async ({ c, caller }) => c.json({ caller: caller.keyId })),
  });

/** A key text whose secret belongs to nothing. */
export const withOtherSecret = (text: string): string =>
  `${text.slice(0, 37)}${hashSecret('other').slice(0, 43)}`;
