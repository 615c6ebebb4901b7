/** A client of a running API, as callers write one: it tells status, code and latency of every answer. */
import type { Run, RunStatus } from '../../lib/db/runs/row.ts';
import { isTerminal } from '../../lib/db/runs/row.ts';
import type { Problem } from '../../lib/http/problem.ts';
import type { WaitingFor } from '../../lib/runs/waiting-for.ts';
import { waitUntil } from './stack.ts';

/** No answer of the API takes longer; one that does counts as hanging. */
const REQUEST_TIMEOUT_MS = 70_000;

export interface Answer<Body> {
  status: number;
  /** `code` of a problem; null when it is none. */
  code: string | null;
  headers: Headers;
  /** From sending the request to the last byte of the answer. */
  latencyMs: number;
  body: Body;
}

export type Started = { run: Run } & Partial<Problem>;
type Shown = { run: Run & { waitingFor?: WaitingFor } } & Partial<Problem>;
interface Listed {
  items: Run[];
  nextCursor: string | null;
}
export interface BatchAnswer {
  items: ({ run: Run; problem?: undefined } | { run?: undefined; problem: Problem })[];
  errors?: { path: string; message: string }[];
}
export interface TimelineItem {
  id: number;
  type: string;
  at: string;
}

/** Members of the body of `POST …/runs`. */
export interface StartBody {
  input?: unknown;
  version?: number;
  startAt?: string;
  priority?: number;
  labels?: Record<string, string>;
}

export interface StartOptions {
  /** Idempotency-Key. */
  key?: string;
  /** Prefer, for example `wait=2`. */
  prefer?: string;
}

export interface OrgClient {
  orgId: string;
  apiKey: string;
  /** Any call: `body` is sent as JSON, a string as it is. */
  call<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<Body>>;
  /** Creates a workflow of a YAML definition and publishes it; its id. */
  publish(definition: string): Promise<string>;
  /** Without a body nothing is sent. */
  start(workflowId: string, body?: StartBody, options?: StartOptions): Promise<Answer<Started>>;
  batch(workflowId: string, items: (StartBody & { idempotencyKey?: string })[]): Promise<Answer<BatchAnswer>>;
  get(runId: string): Promise<Answer<Shown>>;
  list(query?: string): Promise<Answer<Listed>>;
  cancel(runId: string): Promise<Answer<Started>>;
  events(runId: string): Promise<Answer<{ items: TimelineItem[] }>>;
  /** Polls until the run has ended. */
  ended(runId: string, timeoutMs?: number): Promise<Run>;
  /** Polls until the run has this status. */
  reached(runId: string, status: RunStatus, timeoutMs?: number): Promise<Run>;
}

/** Sends a request and reads the whole answer. */
export async function send<Body>(
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
): Promise<Answer<Body>> {
  const sentAt = performance.now();
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  const text = await response.text();
  const latencyMs = performance.now() - sentAt;
  // The test says what it expects and then checks it.
  const body = (text === '' ? {} : JSON.parse(text)) as Body & { code?: unknown };
  const code = typeof body.code === 'string' ? body.code : null;
  return { status: response.status, code, headers: response.headers, latencyMs, body };
}

/** The same org at another API, or with another key. */
export function orgClient(baseUrl: string, orgId: string, apiKey: string): OrgClient {
  const org = `/v1/orgs/${orgId}`;
  const call: OrgClient['call'] = (method, path, body, headers = {}) => {
    const content = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return send(`${baseUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
  };
  const reach = (runId: string, is: (run: Run) => boolean, what: string, timeoutMs = 15_000): Promise<Run> =>
    waitUntil(
      async () => {
        const { body } = await call<Shown>('GET', `${org}/runs/${runId}`);
        return body.run !== undefined && is(body.run) ? body.run : null;
      },
      { what, timeoutMs },
    );
  return {
    orgId,
    apiKey,
    call,
    async publish(definition) {
      const headers = { 'content-type': 'application/yaml' };
      const created = await call<{ workflow: { id: string } }>(
        'POST',
        `${org}/workflows`,
        definition,
        headers,
      );
      const published = await call('POST', `${org}/workflows/${created.body.workflow?.id}/publish`);
      if (published.status !== 200)
        throw new Error(`not published: ${JSON.stringify([created.body, published.body])}`);
      return created.body.workflow.id;
    },
    start: (workflowId, body, { key, prefer } = {}) =>
      call('POST', `${org}/workflows/${workflowId}/runs`, body, {
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...(prefer === undefined ? {} : { prefer }),
      }),
    batch: (workflowId, items) => call('POST', `${org}/workflows/${workflowId}/runs/batch`, { items }),
    get: (runId) => call('GET', `${org}/runs/${runId}`),
    list: (query = '') => call('GET', `${org}/runs${query}`),
    cancel: (runId) => call('POST', `${org}/runs/${runId}/cancel`),
    events: (runId) => call('GET', `${org}/runs/${runId}/events?limit=200`),
    ended: (runId, timeoutMs) =>
      reach(runId, ({ status }) => isTerminal(status), `run ${runId} ends`, timeoutMs),
    reached: (runId, status, timeoutMs) =>
      reach(runId, (run) => run.status === status, `run ${runId} is ${status}`, timeoutMs),
  };
}

/** Creates an org with the admin token; the client uses its first key. */
export async function createOrg(baseUrl: string, adminToken: string): Promise<OrgClient> {
  const { status, body } = await send<{ org: { id: string }; apiKey: { key: string } }>(
    `${baseUrl}/v1/orgs`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'test' }),
    },
  );
  if (status !== 201) throw new Error(`the org was not created: ${status} ${JSON.stringify(body)}`);
  return orgClient(baseUrl, body.org.id, body.apiKey.key);
}
