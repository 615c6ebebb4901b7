/** Idempotency-Key: the same request again is the first run again, for 24 hours, in one org. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrg, type Answer, type Started, type StartBody } from '../../support/client.ts';
import { ADMIN_TOKEN } from '../../support/processes.ts';
import { ECHO_WORKFLOW, openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';

let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack();
});
afterAll(async () => stack.close());

const start = (key: string, body?: StartBody, workflowId = stack.workflowId): Promise<Answer<Started>> =>
  stack.org.start(workflowId, body, { key });
const isReplay = ({ headers }: Answer<Started>): boolean => headers.get('idempotency-replayed') === 'true';
const idOf = ({ body }: Answer<Started>): string => body.run.id;

describe('the same key with the same request', () => {
  it('is the first run again, as it is now', async () => {
    const key = randomUUID();
    const first = await start(key, { input: 1 });
    expect([first.status, isReplay(first)]).toEqual([201, false]);
    await stack.org.ended(idOf(first));
    const again = await start(key, { input: 1 });
    expect([again.status, isReplay(again)]).toEqual([201, true]);
    expect(again.body.run).toMatchObject({ id: idOf(first), status: 'succeeded' });
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('makes one run of 50 requests at once, which is executed once', async () => {
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => start(key, { labels: { request: key } })),
    );
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect((await stack.rows()).filter(({ label }) => label === key)).toHaveLength(1);
    const id = answers.map(idOf)[0] ?? '';
    await stack.org.ended(id);
    const starts = stack.worker?.logs.filter(
      ({ event, runId }) => event === 'workflow_run_started' && runId === id,
    );
    expect(starts).toHaveLength(1);
  });

  it('waits for the end as the replay prefers', async () => {
    const key = randomUUID();
    const first = await start(key, { input: { pauseMs: 1200 } });
    const again = await stack.org.start(
      stack.workflowId,
      { input: { pauseMs: 1200 } },
      { key, prefer: 'wait=20' },
    );
    expect(again.body.run).toMatchObject({ id: idOf(first), status: 'succeeded' });
    expect(again.headers.get('preference-applied')).toBe('wait=20');
    expect(isReplay(again)).toBe(true);
  });

  it('is answered also while the queue is away, once the run is surely accepted', async () => {
    const key = randomUUID();
    const first = await start(key);
    await stack.org.ended(idOf(first));
    await stack.redis.kill('SIGKILL');
    try {
      await waitUntil(async () => (await stack.org.start(stack.workflowId)).code === 'QUEUE_UNAVAILABLE', {
        what: 'the queue is away',
      });
      const again = await start(key);
      expect([again.status, idOf(again), isReplay(again)]).toEqual([201, idOf(first), true]);
      expect(await start(key, { input: 2 })).toMatchObject({ status: 409, code: 'IDEMPOTENCY_KEY_REUSED' });
    } finally {
      await stack.redis.restart();
    }
    await waitUntil(async () => (await stack.org.start(stack.workflowId)).status === 201, {
      what: 'the queue is back',
    });
  });
});

describe('the same key with another request', () => {
  it('409, and no run', async () => {
    const key = randomUUID();
    const first = await start(key, { input: 1, labels: { request: key } });
    const second = await stack.org.publish(ECHO_WORKFLOW);
    for (const answer of [
      await start(key, { input: 2, labels: { request: key } }),
      await start(key, { input: 1, labels: { request: key } }, second),
      await start(key),
    ]) {
      expect(answer).toMatchObject({ status: 409, code: 'IDEMPOTENCY_KEY_REUSED' });
    }
    expect((await stack.rows()).filter(({ label }) => label === key)).toHaveLength(1);
    expect(idOf(await start(key, { input: 1, labels: { request: key } }))).toBe(idOf(first));
  });

  it('of another org is another key', async () => {
    const key = randomUUID();
    const stranger = await createOrg(stack.api.baseUrl, ADMIN_TOKEN);
    const workflowId = await stranger.publish(ECHO_WORKFLOW);
    const [own, foreign] = [await start(key), await stranger.start(workflowId, undefined, { key })];
    expect([own.status, foreign.status, isReplay(foreign)]).toEqual([201, 201, false]);
    expect(idOf(foreign)).not.toBe(idOf(own));
  });

  it('of a request that was refused is still free', async () => {
    const key = randomUUID();
    const path = `/v1/orgs/${stack.org.orgId}/workflows`;
    const yaml = { 'content-type': 'application/yaml' };
    const created = await stack.org.call<{ workflow: { id: string } }>('POST', path, ECHO_WORKFLOW, yaml);
    const { id } = created.body.workflow;
    expect(await start(key, undefined, id)).toMatchObject({ status: 409, code: 'WORKFLOW_NOT_PUBLISHED' });
    await stack.org.call('POST', `${path}/${id}/publish`);
    const accepted = await start(key, undefined, id);
    expect([accepted.status, isReplay(accepted)]).toEqual([201, false]);
  });
});

describe('24 hours', () => {
  const age = (id: string, hours: number): Promise<unknown> =>
    stack.sql`UPDATE workflow_runs SET created_at = created_at - ${hours} * interval '1 hour' WHERE id = ${id}`;

  it('keep the key, and after them it is free, for any request', async () => {
    const key = randomUUID();
    const first = await start(key, { input: 1 });
    await stack.org.ended(idOf(first));
    await age(idOf(first), 23);
    expect(isReplay(await start(key, { input: 1 }))).toBe(true);
    await age(idOf(first), 2);
    const next = await start(key, { input: 2 });
    expect([next.status, isReplay(next)]).toEqual([201, false]);
    expect(idOf(next)).not.toBe(idOf(first));
    expect(isReplay(await start(key, { input: 2 }))).toBe(true);
    expect((await stack.org.get(idOf(first))).status).toBe(200);
  });

  it('are over for 20 requests at once: one new run', async () => {
    const key = randomUUID();
    const first = await start(key);
    await stack.org.ended(idOf(first));
    await age(idOf(first), 25);
    const answers = await Promise.all(Array.from({ length: 20 }, () => start(key)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.map(idOf)).not.toContain(idOf(first));
  });
});

describe('the key itself', () => {
  it.each(['x', 'x'.repeat(255), 'a b:c/ü'.replace('ü', '~')])('may be %j', async (key) => {
    expect((await start(key)).status).toBe(201);
  });

  it.each([
    ['is empty', ''],
    ['has 256 characters', 'x'.repeat(256)],
    ['is not ASCII', 'schlüssel'],
  ])('422 when it %s', async (_how, key) => {
    expect(await start(key)).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
  });
});
