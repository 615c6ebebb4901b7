/** What callers see of runs: one, lists with filters, and why a run is not running. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../../lib/db/runs/row.ts';
import { createOrg } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { ECHO_WORKFLOW, openRunStack, type RunStack } from '../../support/run-stack.ts';

const UNKNOWN_ID = '01920000-0000-7000-8000-000000000001';

/** Contract, section 3; `waitingFor` and the links to other runs are there when they say something. */
const MEMBERS = [
  'attemptCount',
  'createdAt',
  'error',
  'finishedAt',
  'id',
  'input',
  'labels',
  'maxAttempts',
  'nextAttemptAt',
  'orgId',
  'output',
  'requestedBy',
  'startedAt',
  'status',
  'trigger',
  'version',
  'workflowId',
];

let stack: RunStack;
beforeAll(async () => {
  stack = await openRunStack({ withWorker: false });
});
afterAll(async () => {
  await stack.close();
});

const start = async (body: Parameters<RunStack['org']['start']>[1] = {}): Promise<string> =>
  (await stack.org.start(stack.workflowId, body)).body.run.id;

describe('why a run is not running', () => {
  it('says that no worker is alive, then that it waits in line, and nothing once it has ended', async () => {
    const first = await start();
    const second = await start();
    expect((await stack.org.get(first)).body.run.waitingFor).toMatchObject({ reason: 'no_worker' });

    // A worker that beats and takes nothing.
    await stack.sql`INSERT INTO workers (id, hostname, pid, concurrency, heartbeat_at)
      VALUES (${UNKNOWN_ID}, 'test', 1, 1, now() + interval '1 minute')`;
    expect((await stack.org.get(first)).body.run.waitingFor).toMatchObject({
      reason: 'backlog',
      position: 1,
    });
    const { waitingFor } = (await stack.org.get(second)).body.run;
    expect(waitingFor).toMatchObject({ reason: 'backlog', position: 2 });
    expect(waitingFor?.reason === 'backlog' && waitingFor.oldestAgeMs).toBeGreaterThan(0);

    await stack.org.cancel(first);
    await stack.org.cancel(second);
    expect((await stack.org.get(first)).body.run.waitingFor).toBeUndefined();
    await stack.sql`DELETE FROM workers WHERE id = ${UNKNOWN_ID}`;
  });

  it('says until when it waits for its time', async () => {
    const startAt = '2999-01-01T00:00:00.000Z';
    const { run } = (await stack.org.get(await start({ startAt }))).body;
    expect(run).toMatchObject({ status: 'queued', waitingFor: { reason: 'timer', until: startAt } });
    await stack.org.cancel(run.id);
  });
});

describe('a start', () => {
  const post = async (end: string, text: string | undefined, headers?: Record<string, string>) => {
    const path = `/v1/orgs/${stack.org.orgId}/workflows/${stack.workflowId}/runs${end}`;
    return stack.org.call<{ run: Run; errors?: unknown }>('POST', path, text, headers);
  };

  it.each([
    ['', '[]', ''],
    ['', '[{}]', ''],
    ['', 'null', ''],
    ['/batch', '{"items":[{},[]]}', '/items/1'],
    ['/batch', '{"items":[null]}', '/items/0'],
  ])('sent to …/runs%s is refused for %s, which is no object', async (end, text, path) => {
    const before = (await stack.rows()).length;
    const { status, body } = await post(end, text);
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path, message: 'must be an object' }]);
    expect(await stack.rows()).toHaveLength(before);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('is refused for a label named %s', async (name) => {
    const { status, body } = await post('', `{"labels":{"${name}":"a"}}`);
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path: `/labels/${name}`, message: 'is a reserved name' }]);
  });

  it('without a body has the input null, and only the members of the contract', async () => {
    const { status, body } = await post('', undefined);
    expect(status).toBe(201);
    expect(body.run.input).toBeNull();
    expect(Object.keys(body.run).toSorted()).toEqual(MEMBERS);
  });

  it('is the same under the id of its workflow in capitals', async () => {
    const headers = { 'idempotency-key': 'capitals' };
    const first = await post('', '{}', headers);
    const path = `/v1/orgs/${stack.org.orgId}/workflows/${stack.workflowId.toUpperCase()}/runs`;
    const again = await stack.org.call<{ run: Run }>('POST', path, '{}', headers);
    expect(again.status).toBe(201);
    expect(again.body.run.id).toBe(first.body.run.id);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('a run', () => {
  it('is found under its workflow and under its org, and under no other workflow', async () => {
    const id = await start();
    const { orgId, call } = stack.org;
    expect((await call('GET', `/v1/orgs/${orgId}/workflows/${stack.workflowId}/runs/${id}`)).status).toBe(
      200,
    );
    expect((await call('GET', `/v1/orgs/${orgId}/runs/${id}`)).status).toBe(200);
    expect((await call('GET', `/v1/orgs/${orgId}/workflows/${UNKNOWN_ID}/runs/${id}`)).status).toBe(404);
  });

  it('of another org answers like one that does not exist, whatever is asked', async () => {
    const id = await start();
    const other = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    for (const [method, end] of [
      ['GET', ''],
      ['GET', '/events'],
      ['POST', '/cancel'],
    ] as const) {
      const [foreign, unknown] = await Promise.all(
        [id, UNKNOWN_ID].map((runId) =>
          other.call<Record<string, unknown>>(method, `/v1/orgs/${other.orgId}/runs/${runId}${end}`),
        ),
      );
      expect(foreign?.status).toBe(404);
      expect({ ...foreign?.body, requestId: '' }).toEqual({ ...unknown?.body, requestId: '' });
    }
    expect((await stack.org.get(id)).body.run.status).toBe('queued');
    expect((await other.list()).body.items).toEqual([]);
  });
});

describe('the list of runs', () => {
  it('of a workflow that does not exist or is another org’s is 404; of one without runs it is empty', async () => {
    const { orgId, call } = stack.org;
    const other = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const foreign = await other.publish(ECHO_WORKFLOW);
    const [theirs, unknown] = await Promise.all(
      [foreign, UNKNOWN_ID].map((id) =>
        call<Record<string, unknown>>('GET', `/v1/orgs/${orgId}/workflows/${id}/runs`),
      ),
    );
    expect(theirs?.status).toBe(404);
    expect(unknown).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect({ ...theirs?.body, requestId: '' }).toEqual({ ...unknown?.body, requestId: '' });
    expect(await other.call('GET', `/v1/orgs/${other.orgId}/workflows/${foreign}/runs`)).toMatchObject({
      status: 200,
      body: { items: [], nextCursor: null },
    });
  });

  it('is newest first, in pages that leave out and repeat nothing', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift(await start({ labels: { batch: 'pages' } }));
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await stack.org.list(`?label.batch=pages&limit=2${cursor}`);
      expect(page.body.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.nextCursor === null ? '' : `&cursor=${page.body.nextCursor}`;
    } while (cursor !== '');
    expect(seen).toEqual(ids);
  });

  it('is narrowed by status, label, workflow and time', async () => {
    const labels = { batch: 'filters', 'team name': 'a,"b"' };
    const queued = await start({ labels });
    const cancelled = await start({ labels });
    await stack.org.cancel(cancelled);
    const ids = async (query: string): Promise<string[]> =>
      (await stack.org.list(`?label.batch=filters&${query}`)).body.items.map(({ id }) => id);
    const { createdAt } = (await stack.org.get(cancelled)).body.run;
    expect(await ids('status=queued')).toEqual([queued]);
    expect(await ids('status=queued,cancelled')).toEqual([cancelled, queued]);
    expect(await ids('status=failed')).toEqual([]);
    expect(await ids(`label.team%20name=${encodeURIComponent('a,"b"')}`)).toEqual([cancelled, queued]);
    expect(await ids('label.team%20name=a')).toEqual([]);
    expect(await ids(`workflowId=${stack.workflowId}`)).toEqual([cancelled, queued]);
    expect(await ids(`workflowId=${UNKNOWN_ID}`)).toEqual([]);
    expect(await ids(`to=${createdAt}`)).toEqual([queued]);
    expect(await ids(`from=${createdAt}`)).toEqual([cancelled]);
  });

  it('refuses a query it does not understand, naming every part', async () => {
    const { status, body } = await stack.org.list(
      '?status=done&from=today&to=2026-01-31T09:30:00&workflowId=x',
    );
    expect(status).toBe(422);
    const { errors } = body as unknown as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path).toSorted()).toEqual([
      'query/from',
      'query/status',
      'query/to',
      'query/workflowId',
    ]);
  });
});
