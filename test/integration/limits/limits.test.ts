/** Per-org limits: the routes, requests a minute and queued runs. No worker: what is queued stays queued. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OrgLimits } from '../../../lib/db/limits.ts';
import { createOrg, orgClient, type OrgClient } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { killed } from '../../support/redis-faults.ts';
import { ECHO_WORKFLOW, openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';

let stack: RunStack;
let org: OrgClient;
let workflowId: string;

beforeAll(async () => {
  stack = await openRunStack({ withWorker: false });
});
afterAll(async () => stack.close());
beforeEach(async () => {
  org = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
  workflowId = await org.publish(ECHO_WORKFLOW);
});

type Answered = { limits: OrgLimits; errors?: { path: string }[] };
const path = (client = org): string => `/v1/orgs/${client.orgId}/limits`;
const change = (limits: unknown) => org.call<Answered>('PATCH', path(), limits);
const retryAfter = (headers: Headers): number => Number(headers.get('retry-after'));

describe('the routes', () => {
  it('answer null for what is not limited, change what is named, and leave the rest', async () => {
    const none = { maxRunsInFlight: null, maxRunsQueued: null, maxRequestsPerMinute: null };
    expect((await org.call<Answered>('GET', path())).body).toEqual({ limits: none });
    expect((await change({ maxRunsInFlight: 7, maxRunsQueued: 0 })).body.limits).toEqual({
      ...none,
      maxRunsInFlight: 7,
      maxRunsQueued: 0,
    });
    expect((await change({ maxRunsInFlight: null, maxRequestsPerMinute: 1000 })).body.limits).toEqual({
      maxRunsInFlight: null,
      maxRunsQueued: 0,
      maxRequestsPerMinute: 1000,
    });
    expect((await org.call<Answered>('GET', path())).body.limits).toMatchObject({ maxRunsQueued: 0 });
  });

  it.each([
    [{ maxRunsInFlight: 0 }, '/maxRunsInFlight'],
    [{ maxRequestsPerMinute: 0 }, '/maxRequestsPerMinute'],
    [{ maxRunsQueued: -1 }, '/maxRunsQueued'],
    [{ maxRunsQueued: 1.5 }, '/maxRunsQueued'],
    [{ maxRunsQueued: '5' }, '/maxRunsQueued'],
    [{ maxRuns: 1 }, '/maxRuns'],
  ])('refuse %j, naming the member', async (body, where) => {
    const answer = await change(body);
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([
      422,
      'VALIDATION_FAILED',
      where,
    ]);
  });

  it('are read with any key of the org, changed with an admin key only, and not there for another org', async () => {
    const made = await org.call<{ apiKey: { key: string } }>('POST', `/v1/orgs/${org.orgId}/api-keys`, {
      scopes: ['runs:read'],
    });
    const reader = orgClient(stack.api.baseUrl, org.orgId, made.body.apiKey.key);
    expect((await reader.call('GET', path())).status).toBe(200);
    expect((await reader.call('PATCH', path(), {})).code).toBe('FORBIDDEN');
    expect((await stack.org.call('GET', path())).code).toBe('NOT_FOUND');
    expect((await stack.org.call('PATCH', path(), { maxRunsQueued: 0 })).code).toBe('NOT_FOUND');
  });
});

describe('requests a minute', () => {
  it('beyond the limit are answered 429 with Retry-After, whatever the route and the API process', async () => {
    const other = await stack.startApi();
    try {
      const there = orgClient(other.baseUrl, org.orgId, org.apiKey);
      await change({ maxRequestsPerMinute: 4 });
      const statuses = [];
      for (const client of [org, there, org, there]) statuses.push((await client.list()).status);
      expect(statuses).toEqual([200, 200, 200, 200]);
      for (const client of [org, there]) {
        for (const answer of [await client.list(), await client.call('GET', '/v1/orgs/no/such')]) {
          if (answer.code === 'NOT_FOUND') continue;
          expect([answer.status, answer.code]).toEqual([429, 'RATE_LIMITED']);
          expect(retryAfter(answer.headers)).toBeGreaterThan(0);
          expect(retryAfter(answer.headers)).toBeLessThanOrEqual(15);
        }
      }
      expect((await stack.org.list()).status).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it('are limited while Redis is away, too, without a wait', async () => {
    const outage = killed(stack.redis);
    await change({ maxRequestsPerMinute: 3 });
    await outage.begin();
    try {
      const answers = [];
      for (let count = 0; count < 5; count += 1) answers.push(await org.list());
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
      expect(Math.max(...answers.map(({ latencyMs }) => latencyMs))).toBeLessThan(500);
    } finally {
      await outage.end();
    }
    await waitUntil(async () => (await stack.org.start(stack.workflowId)).status === 201, {
      what: 'the API accepts again',
    });
  });
});

describe('queued runs', () => {
  const rows = async (): Promise<number> =>
    (await stack.sql`SELECT 1 FROM workflow_runs WHERE org_id = ${org.orgId}`).length;

  it('beyond the limit are refused with 429 and Retry-After, and not created', async () => {
    await change({ maxRunsQueued: 2 });
    const first = await org.start(workflowId);
    expect([first.status, (await org.start(workflowId)).status]).toEqual([201, 201]);
    const refused = await org.start(workflowId);
    expect([refused.status, refused.code]).toEqual([429, 'QUOTA_EXCEEDED']);
    expect(retryAfter(refused.headers)).toBeGreaterThan(0);
    expect(await rows()).toBe(2);
    await org.cancel(first.body.run.id);
    await waitUntil(async () => (await org.start(workflowId)).status === 201, {
      what: 'there is room again',
      timeoutMs: 2000,
    });
  });

  it('of a batch are let in as far as there is room', async () => {
    await change({ maxRunsQueued: 3 });
    const { body } = await org.batch(
      workflowId,
      Array.from({ length: 5 }, () => ({})),
    );
    const codes = body.items.map(({ problem }) => problem?.code ?? 'accepted');
    expect(codes).toEqual(['accepted', 'accepted', 'accepted', 'QUOTA_EXCEEDED', 'QUOTA_EXCEEDED']);
    expect(await rows()).toBe(3);
  });

  it('a replay of an accepted run is answered although there is no room', async () => {
    await change({ maxRunsQueued: 1 });
    const first = await org.start(workflowId, {}, { key: 'once' });
    const again = await org.start(workflowId, {}, { key: 'once' });
    expect([again.status, again.body.run.id]).toEqual([201, first.body.run.id]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await org.start(workflowId, {}, { key: 'twice' })).code).toBe('QUOTA_EXCEEDED');
  });

  it('many at once do not get past the limit', async () => {
    await change({ maxRunsQueued: 5 });
    await org.list();
    const answers = await Promise.all(Array.from({ length: 20 }, () => org.start(workflowId)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(await rows()).toBe(5);
  });
});
