/**
 * `npm run smoke -- --url https://… --key vsp_… [--timeout 60]`: verifies a deployment end to end. Publishes a
 * small workflow, runs it through queue, worker, timer and timeline, then archives it. Exits 1 with the reason.
 */
import { parseArgs } from 'node:util';

const DEFINITION = `document:
  dsl: 1.0.3
  namespace: vespid
  name: smoke-test
  version: 1.0.0
do:
  - greet:
      set:
        message: \${ "Hello, \\(.name)" }
  - pause:
      wait:
        milliseconds: 1500
`;

class SmokeFailure extends Error {}

interface Target {
  url: string;
  key: string;
  timeoutSeconds: number;
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

function readTarget(): Target {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, key: { type: 'string' }, timeout: { type: 'string', default: '60' } },
  });
  const timeoutSeconds = Number(values.timeout);
  if (values.url === undefined || values.key === undefined || !(timeoutSeconds > 0)) {
    throw new SmokeFailure(
      'usage: npm run smoke -- --url https://api.example.com --key vsp_… [--timeout seconds]',
    );
  }
  return { url: values.url.replace(/\/+$/, ''), key: values.key, timeoutSeconds };
}

async function request(
  target: Target,
  method: string,
  path: string,
  body?: string,
  type = 'application/json',
): Promise<Answer> {
  const headers: Record<string, string> = { authorization: `Bearer ${target.key}` };
  if (body !== undefined) headers['content-type'] = type;
  let response: Response;
  try {
    response = await fetch(target.url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(target.timeoutSeconds * 1000),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new SmokeFailure(`${method} ${path}: no answer from ${target.url}${cause}`, { cause: error });
  }
  const text = await response.text();
  try {
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  } catch {
    return { status: response.status, body: { detail: text.slice(0, 200) } };
  }
}

function expectStatus(step: string, answer: Answer, ...allowed: number[]): void {
  if (allowed.includes(answer.status)) return;
  const said = [answer.body['code'], answer.body['detail']].filter((text) => typeof text === 'string');
  throw new SmokeFailure([`${step}: got ${answer.status}`, ...said].join(' '));
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** The org of the key: the smoke test needs only a key, so it asks for an org's route that names it. */
async function findOrg(target: Target): Promise<string> {
  const answer = await request(target, 'GET', '/v1/orgs');
  expectStatus('the key (it needs the scopes workflows:write, runs:write and runs:read)', answer, 200);
  const items = answer.body['items'];
  return String(member(Array.isArray(items) ? items[0] : undefined, 'id'));
}

async function runOnce(target: Target, org: string, workflowId: string): Promise<void> {
  const path = `/v1/orgs/${org}/workflows/${workflowId}/runs`;
  const started = await request(target, 'POST', path, JSON.stringify({ input: { name: 'smoke' } }));
  expectStatus('starting a run', started, 201);
  const runId = String(member(started.body['run'], 'id'));
  const deadline = Date.now() + target.timeoutSeconds * 1000;
  let run: unknown = started.body['run'];
  while (!['succeeded', 'failed', 'cancelled'].includes(String(member(run, 'status')))) {
    if (Date.now() > deadline) {
      const waiting = JSON.stringify(member(run, 'waitingFor') ?? null);
      throw new SmokeFailure(
        `run ${runId} is still ${String(member(run, 'status'))} after ${target.timeoutSeconds} s; waitingFor: ${waiting}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const answer = await request(target, 'GET', `${path}/${runId}`);
    expectStatus('reading the run', answer, 200);
    run = answer.body['run'];
  }
  const message = member(member(run, 'output'), 'message');
  if (member(run, 'status') !== 'succeeded' || message !== 'Hello, smoke') {
    throw new SmokeFailure(
      `run ${runId} ended ${String(member(run, 'status'))}: ${JSON.stringify(member(run, 'error') ?? member(run, 'output'))}`,
    );
  }
  const events = await request(target, 'GET', `${path}/${runId}/events?limit=200`);
  expectStatus('reading the timeline', events, 200);
  const items = events.body['items'];
  if (!Array.isArray(items) || member(items.at(-1), 'type') !== 'run_succeeded') {
    throw new SmokeFailure(`the timeline of run ${runId} does not end with run_succeeded`);
  }
  console.log(`ok  run ${runId} succeeded with ${items.length} timeline events`);
}

async function main(): Promise<void> {
  const target = readTarget();
  expectStatus('GET /health/ready', await request(target, 'GET', '/health/ready'), 200);
  console.log('ok  the API is ready');
  const org = await findOrg(target);
  const created = await request(target, 'POST', `/v1/orgs/${org}/workflows`, DEFINITION, 'application/yaml');
  expectStatus('creating a workflow', created, 201);
  const workflowId = String(member(created.body['workflow'], 'id'));
  const path = `/v1/orgs/${org}/workflows/${workflowId}`;
  try {
    expectStatus('publishing it', await request(target, 'POST', `${path}/publish`), 200);
    console.log('ok  a workflow was created and published');
    await runOnce(target, org, workflowId);
  } finally {
    await request(target, 'DELETE', path).catch(() => {});
  }
}

try {
  await main();
} catch (error) {
  console.error(`smoke: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
