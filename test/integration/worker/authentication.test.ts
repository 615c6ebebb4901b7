/** Calls with credentials, by a real worker: secrets of the org, tokens of an authority, nothing in what is kept. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import { type LocalServer, startServer } from '../../unit/egress/local-server.ts';

let stack: WorkerStack;
let service: LocalServer;
/** Statuses that the API answers before it takes a token. */
const refusals: number[] = [];

beforeAll(async () => {
  let issued = 0;
  service = await startServer((request, response) => {
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const { origin } = service;
    if (request.url === '/.well-known/openid-configuration') {
      json(200, { issuer: origin, token_endpoint: `${origin}/token` });
    } else if (request.url === '/token') {
      issued += 1;
      json(200, { access_token: `issued-token-${issued}`, token_type: 'Bearer', expires_in: 3600 });
    } else json(refusals.shift() ?? 200, { ok: true });
  });
  stack = await openWorkerStack();
  await stack.startWorker();
});
afterAll(async () => {
  await stack.close();
  await service.close();
});

const setSecret = async (name: string, value: unknown): Promise<void> => {
  const { org } = stack;
  const path = `/v1/orgs/${org.orgId}/secrets/${name}`;
  expect((await org.call('PUT', path, { value })).status).toBeLessThan(300);
};

/** Starts a workflow of one call to `/<name>`; the run's id. */
async function runCall(name: string, secret: string, authentication: string): Promise<string> {
  const definition = `
document: { dsl: 1.0.3, namespace: test, name: ${name}, version: 1.0.0 }
use: { secrets: [${secret}] }
do:
  - call:
      call: http
      with:
        method: get
        endpoint: { uri: '${service.origin}/${name}', authentication: ${authentication} }
`;
  return stack.begin(await stack.org.publish(definition));
}

const sentTo = (url: string): (string | undefined)[] =>
  service.seen.filter((seen) => seen.url === url).map(({ headers }) => headers['authorization']);

/** Everything that the database keeps of a run, as text. */
async function kept(runId: string): Promise<string> {
  const rows = await stack.sql`
    SELECT row_to_json(r)::text AS text FROM workflow_runs r WHERE id = ${runId}
    UNION ALL SELECT row_to_json(e)::text FROM workflow_run_events e WHERE run_id = ${runId}`;
  return JSON.stringify([rows, stack.processes.map(({ logs }) => logs)]);
}

describe('a call with the credentials of a secret', () => {
  it('sends them, and neither the state, the timeline nor a log has them', async () => {
    await setSecret('login', { username: 'Aladdin', password: 'open sesame' });
    const run = await runCall('basic', 'login', '{ basic: { use: login } }');
    expect(await stack.org.ended(run)).toMatchObject({ status: 'succeeded', output: { ok: true } });
    expect(sentTo('/basic')).toEqual(['Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==']);
    expect(await kept(run)).not.toMatch(/open sesame|QWxhZGRpbjpvcGVu/);
  });

  it('ends with authorization 403 when the org does not have it', async () => {
    const run = await runCall('missing', 'absent', '{ bearer: { use: absent } }');
    expect(await stack.org.ended(run)).toMatchObject({
      status: 'failed',
      attemptCount: 1,
      error: { status: 403, detail: 'The org has no secret "absent".', instance: '/do/0/call' },
    });
    expect(sentTo('/missing')).toEqual([]);
  });
});

describe('a call with tokens of an authority', () => {
  it('shares one between runs, and has another one when the service does not take it any more', async () => {
    await setSecret('client', {
      authority: service.origin,
      grant: 'client_credentials',
      client: { id: 'me', secret: 'the-client-secret' },
    });
    const definition = ['tokens', 'client', '{ oidc: { use: client } }'] as const;
    const first = await runCall(...definition);
    await stack.org.ended(first);
    const second = await stack.begin((await stack.org.get(first)).body.run.workflowId);
    await stack.org.ended(second);
    refusals.push(401);
    const third = await stack.begin((await stack.org.get(first)).body.run.workflowId);
    expect(await stack.org.ended(third)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
    const [one, two] = ['Bearer issued-token-1', 'Bearer issued-token-2'];
    expect(sentTo('/tokens')).toEqual([one, one, one, two]);
    expect(service.seen.filter(({ url }) => url === '/token').map(({ body }) => body)).toEqual(
      Array.from(
        { length: 2 },
        () => 'grant_type=client_credentials&client_id=me&client_secret=the-client-secret',
      ),
    );
    for (const run of [first, second, third]) expect(await kept(run)).not.toMatch(/issued-token|the-client/);
    await stack.expectInvariants();
  });
});
