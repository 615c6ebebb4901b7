/** POST …/runs on a healthy stack: what the answer says, and what each member of the body does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lib/queue/connection.ts';
import { jobId } from '../../../lib/queue/job.ts';
import type { Answer, Started, StartBody } from '../../support/client.ts';
import { createOrg } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { onRedis } from '../../support/redis-faults.ts';
import { ECHO_WORKFLOW, openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';

const NO_ID = '0198c0de-0000-7000-8000-000000000001';
let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack();
});
afterAll(async () => stack.close());

const start = (body?: StartBody): Promise<Answer<Started>> => stack.org.start(stack.workflowId, body);
const jobExists = (runId: string): Promise<boolean> =>
  onRedis(
    stack.redis.url,
    async (client) => (await client.exists(keys('workflow-runs').job(jobId(runId, 0)))) === 1,
  );
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe('201', () => {
  it('with the run as it is and where it can be found', async () => {
    const labels = { team: 'a', request: 'found' };
    const { status, headers, body } = await start({ input: { n: 1 }, labels });
    expect(status).toBe(201);
    expect(body.run).toMatchObject({
      orgId: stack.org.orgId,
      workflowId: stack.workflowId,
      version: 1,
      status: 'queued',
      trigger: 'api',
      input: { n: 1 },
      output: null,
      error: null,
      attemptCount: 0,
      maxAttempts: 3,
      labels,
      startedAt: null,
      finishedAt: null,
    });
    const path = `/v1/orgs/${stack.org.orgId}/workflows/${stack.workflowId}/runs/${body.run.id}`;
    expect(headers.get('location')).toBe(path);
    expect(headers.get('preference-applied')).toBeNull();
    expect(headers.get('idempotency-replayed')).toBeNull();
    expect(await stack.org.call('GET', path)).toMatchObject({
      status: 200,
      body: { run: { id: body.run.id } },
    });
    const ended = await stack.org.ended(body.run.id);
    expect(ended).toMatchObject({ status: 'succeeded', output: { echo: { n: 1 } }, attemptCount: 1 });
    const times = [ended.createdAt, ended.startedAt ?? '', ended.finishedAt ?? ''];
    expect(times.toSorted()).toEqual(times);
    const found = await stack.org.list('?label.request=found');
    expect(found.body.items.map(({ id }) => id)).toEqual([body.run.id]);
  });

  it.each([
    ['no body', undefined, null],
    ['an empty object', {}, null],
    ['null', { input: null }, null],
    ['a text', { input: 'x' }, 'x'],
    ['false', { input: false }, false],
    ['NUL and half a surrogate pair', { input: ['\0', '\ud800'] }, ['\0', '\ud800']],
  ])('with %s as input', async (_name, body, expected) => {
    const { status, body: answer } = await start(body);
    expect(status).toBe(201);
    expect(answer.run.input).toEqual(expected);
  });

  it('for a version by number, and for the newest without one', async () => {
    const set = (n: number): string =>
      `document: { dsl: 1.0.3, namespace: t, name: versions, version: 1.0.0 }\ndo: [{ a: { set: { n: ${n} } } }]`;
    const workflowId = await stack.org.publish(set(1));
    const path = `/v1/orgs/${stack.org.orgId}/workflows/${workflowId}`;
    await stack.org.call('PUT', path, set(2), { 'content-type': 'application/yaml' });
    await stack.org.call('POST', `${path}/publish`);
    const [old, newest] = [
      await stack.org.start(workflowId, { version: 1 }),
      await stack.org.start(workflowId, {}),
    ];
    expect([old.body.run.version, newest.body.run.version]).toEqual([1, 2]);
    expect((await stack.org.ended(old.body.run.id)).output).toEqual({ n: 1 });
    expect((await stack.org.ended(newest.body.run.id)).output).toEqual({ n: 2 });
    const unknown = await stack.org.start(workflowId, { version: 3 });
    expect(unknown).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    expect(unknown.body.errors?.map((error) => error.path)).toEqual(['/version']);
  });
});

describe('startAt', () => {
  it('in the future: not before, and until then a timer is the reason', async () => {
    const startAt = inMs(1500);
    const { status, body } = await start({ startAt });
    expect(status).toBe(201);
    const shown = await stack.org.get(body.run.id);
    expect(shown.body.run).toMatchObject({
      status: 'queued',
      startedAt: null,
      waitingFor: { reason: 'timer', until: startAt },
    });
    const { startedAt } = await stack.org.ended(body.run.id);
    expect(Date.parse(startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(startAt));
    expect(Date.parse(startedAt ?? '')).toBeLessThan(Date.parse(startAt) + 1500);
  });

  it.each(['2001-01-01T00:00:00Z', '2026-01-31t09:30:00.123456z', '2024-02-29T12:00:00+23:59'])(
    'in the past (%s): at once',
    async (startAt) => {
      const { status, body } = await start({ startAt });
      expect(status).toBe(201);
      expect((await stack.org.ended(body.run.id)).status).toBe('succeeded');
    },
  );

  it.each(['2100-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])('in the far future (%s)', async (startAt) => {
    const { status, body } = await start({ startAt });
    expect(status).toBe(201);
    expect(await jobExists(body.run.id)).toBe(true);
    const { body: shown } = await stack.org.get(body.run.id);
    expect(shown.run.waitingFor).toMatchObject({ reason: 'timer', until: new Date(startAt).toISOString() });
    expect((await stack.org.cancel(body.run.id)).status).toBe(202);
    await waitUntil(async () => !(await jobExists(body.run.id)), {
      what: 'the job of the cancelled run is gone',
    });
  });
});

describe('refused before a row is written', () => {
  it.each([
    ['/startAt', { startAt: 'tomorrow' }],
    ['/startAt', { startAt: '2026-01-31T09:30:00' }],
    ['/startAt', { startAt: '2026-02-30T09:30:00Z' }],
    ['/startAt', { startAt: '0000-01-01T00:00:00Z' }],
    ['/priority', { priority: 10 }],
    ['/priority', { priority: -1 }],
    ['/priority', { priority: 1.5 }],
    ['/version', { version: 0 }],
    ['/labels/a', { labels: { a: 1 } }],
    ['/labels/a', { labels: { a: 'x\0' } }],
    ['/inputs', { inputs: {} }],
  ])('422 names %s', async (path, body) => {
    const before = (await stack.rows()).length;
    const answer = await stack.org.call<Started>(
      'POST',
      `/v1/orgs/${stack.org.orgId}/workflows/${stack.workflowId}/runs`,
      body,
    );
    expect(answer).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    expect(answer.body.errors?.map((error) => error.path)).toEqual([path]);
    expect((await stack.rows()).length).toBe(before);
  });

  it('404 for a workflow that is not there or is another org’s, 409 for one that cannot run', async () => {
    const stranger = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const foreign = await stranger.publish(ECHO_WORKFLOW);
    for (const workflowId of [NO_ID, foreign]) {
      expect(await stack.org.start(workflowId)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    }
    const path = `/v1/orgs/${stack.org.orgId}/workflows`;
    const draft = await stack.org.call<{ workflow: { id: string } }>('POST', path, ECHO_WORKFLOW, {
      'content-type': 'application/yaml',
    });
    const unpublished = await stack.org.start(draft.body.workflow.id);
    expect(unpublished).toMatchObject({ status: 409, code: 'WORKFLOW_NOT_PUBLISHED' });
    const archived = await stack.org.publish(ECHO_WORKFLOW);
    await stack.org.call('DELETE', `${path}/${archived}`);
    expect(await stack.org.start(archived)).toMatchObject({ status: 409, code: 'INVALID_STATE' });
  });
});
