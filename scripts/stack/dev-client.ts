/** The few calls of the API that the local stack makes. */

const REQUEST_TIMEOUT_MS = 40_000;

interface Call {
  method: 'GET' | 'POST';
  path: string;
  token: string;
  body?: string;
  contentType?: string;
  headers?: Record<string, string>;
}

export interface Run {
  id: string;
  status: string;
  output: unknown;
  error: unknown;
}

export interface TimelineItem {
  id: number | string;
  type: string;
  at: string;
  task?: string | null;
}

export interface DevClient {
  createOrg(name: string): Promise<{ orgId: string; apiKey: string }>;
  /** Creates a workflow from its YAML and publishes it. @returns the workflow's id. */
  publish(org: { orgId: string; apiKey: string }, definition: string): Promise<string>;
  /** Starts a run and waits up to `waitSeconds` for its end. */
  run(
    org: { orgId: string; apiKey: string },
    workflowId: string,
    input: unknown,
    waitSeconds: number,
  ): Promise<Run>;
  timeline(org: { orgId: string; apiKey: string }, runId: string): Promise<TimelineItem[]>;
}

/**
 * A client of the API at `baseUrl`; every call throws an Error that says what the API refused.
 * @param signal ends calls under way.
 */
export function devClient(baseUrl: string, adminToken: string, signal: AbortSignal): DevClient {
  const call = (request: Call): Promise<unknown> => send(baseUrl, request, signal);
  return {
    createOrg: async (name) => {
      const body = JSON.stringify({ name });
      const answer = (await call({ method: 'POST', path: '/v1/orgs', token: adminToken, body })) as {
        org: { id: string };
        apiKey: { key: string };
      };
      return { orgId: answer.org.id, apiKey: answer.apiKey.key };
    },
    publish: async ({ orgId, apiKey: token }, body) => {
      const path = `/v1/orgs/${orgId}/workflows`;
      const contentType = 'application/yaml';
      const answer = (await call({ method: 'POST', path, token, body, contentType })) as {
        workflow: { id: string };
      };
      await call({ method: 'POST', path: `${path}/${answer.workflow.id}/publish`, token });
      return answer.workflow.id;
    },
    run: async ({ orgId, apiKey: token }, workflowId, input, waitSeconds) => {
      const path = `/v1/orgs/${orgId}/workflows/${workflowId}/runs`;
      const headers = { prefer: `wait=${waitSeconds}` };
      const body = JSON.stringify({ input });
      return ((await call({ method: 'POST', path, token, body, headers })) as { run: Run }).run;
    },
    timeline: async ({ orgId, apiKey: token }, runId) => {
      const path = `/v1/orgs/${orgId}/runs/${runId}/events`;
      return ((await call({ method: 'GET', path, token })) as { items: TimelineItem[] }).items;
    },
  };
}

async function send(baseUrl: string, request: Call, signal: AbortSignal): Promise<unknown> {
  const { method, path, token, body, contentType = 'application/json', headers = {} } = request;
  const response = await fetch(new URL(path, baseUrl), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': contentType }),
      ...headers,
    },
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${describeProblem(text)}`);
  return JSON.parse(text);
}

/** The code, the detail and every single error of a problem document (RFC 9457). */
function describeProblem(text: string): string {
  try {
    const problem = JSON.parse(text) as {
      code?: string;
      detail?: string;
      errors?: { path: string; message: string }[];
    };
    const errors = (problem.errors ?? []).map(({ path, message }) => `\n    ${path} ${message}`);
    return `${problem.code ?? ''} ${problem.detail ?? ''}${errors.join('')}`;
  } catch {
    return text.slice(0, 200);
  }
}
