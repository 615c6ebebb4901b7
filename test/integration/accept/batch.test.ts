/** POST …/runs/batch: up to 1000 runs under one deadline, each answered for itself and in order. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, BatchAnswer } from '../../support/client.ts';
import { ECHO_WORKFLOW, openRunStack, type RunStack } from '../../support/run-stack.ts';

let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack();
});
afterAll(async () => stack.close());

const batch = (items: Parameters<RunStack['org']['batch']>[1]): Promise<Answer<BatchAnswer>> =>
  stack.org.batch(stack.workflowId, items);
const numbers = (count: number): number[] => Array.from({ length: count }, (_item, index) => index);
/** The run id, or the code of the problem, of each item. */
const outcomes = ({ body }: Answer<BatchAnswer>): string[] =>
  body.items.map(({ run, problem }) => (run === undefined ? problem.code : run.id));

describe('200', () => {
  it('with 1000 runs in the order of the items, all of which are executed', async () => {
    const answer = await batch(
      numbers(1000).map((index) => ({ input: index, labels: { request: `item-${index}` } })),
    );
    expect(answer.status).toBe(200);
    const { items } = answer.body;
    expect(items.map(({ run }) => run?.input)).toEqual(numbers(1000));
    expect(new Set(outcomes(answer)).size).toBe(1000);
    expect(items.every(({ run }) => run?.trigger === 'batch' && run.status === 'queued')).toBe(true);
    await stack.settled(40_000);
    const rows = (await stack.rows()).filter(({ label }) => label?.startsWith('item-'));
    expect(rows).toHaveLength(1000);
    expect(rows.filter(({ status }) => status !== 'succeeded')).toEqual([]);
  });

  it('an item that cannot run is answered for itself', async () => {
    const answer = await batch([{ input: 1 }, { version: 99 }, { input: 3 }]);
    const [first, second, third] = answer.body.items;
    expect([first?.run?.input, third?.run?.input]).toEqual([1, 3]);
    expect(second?.problem).toMatchObject({
      status: 422,
      code: 'VALIDATION_FAILED',
      errors: [{ path: '/version' }],
    });
  });

  it('for 1000 items of a workflow that is not published within a second', async () => {
    const path = `/v1/orgs/${stack.org.orgId}/workflows`;
    const created = await stack.org.call<{ workflow: { id: string } }>('POST', path, ECHO_WORKFLOW, {
      'content-type': 'application/yaml',
    });
    const answer = await stack.org.batch(
      created.body.workflow.id,
      numbers(1000).map((input) => ({ input })),
    );
    expect(new Set(outcomes(answer))).toEqual(new Set(['WORKFLOW_NOT_PUBLISHED']));
    expect(answer.latencyMs).toBeLessThan(1000);
  });
});

describe('idempotencyKey', () => {
  it('of an item names its run in a later batch', async () => {
    const keys = [randomUUID(), randomUUID()];
    const items = keys.map((idempotencyKey, input) => ({ idempotencyKey, input }));
    const first = outcomes(await batch(items));
    const again = outcomes(await batch([...items.toReversed(), { input: 'new' }]));
    expect(again.slice(0, 2)).toEqual(first.toReversed());
    expect(first).not.toContain(again[2]);
  });

  it('twice in one batch: one run when the items are equal, else 409 for the second', async () => {
    const idempotencyKey = randomUUID();
    const equal = { idempotencyKey, input: 1 };
    const answer = await batch([equal, equal, { idempotencyKey, input: 2 }, equal]);
    const [first, second, third, fourth] = outcomes(answer);
    expect([second, third, fourth]).toEqual([first, 'IDEMPOTENCY_KEY_REUSED', first]);
    const made = (await stack.rows()).filter(({ id }) => id === first);
    expect(made).toHaveLength(1);
  });

  it('that is a day old is free again, beside one that is not', async () => {
    const items = [{ idempotencyKey: randomUUID() }, { idempotencyKey: randomUUID() }];
    const [old, young] = outcomes(await batch(items));
    await stack.settled();
    await stack.sql`UPDATE workflow_runs SET created_at = created_at - interval '25 hours' WHERE id = ${old ?? ''}`;
    const again = outcomes(await batch(items));
    expect(again[1]).toBe(young);
    expect(again[0]).not.toBe(old);
    expect(again[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('that a single request used is used: the request was another', async () => {
    const key = randomUUID();
    await stack.org.start(stack.workflowId, {}, { key });
    expect(outcomes(await batch([{ idempotencyKey: key }]))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('of 8 batches at once, the same 100 items in either order, makes 100 runs', async () => {
    // Slow inserts, so that the batches meet half-way.
    await stack.sql.unsafe(`
      CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.002); RETURN NEW; END $$;
      CREATE TRIGGER dawdle BEFORE INSERT ON workflow_runs FOR EACH ROW EXECUTE FUNCTION dawdle();`);
    const items = numbers(100).map((input) => ({
      idempotencyKey: randomUUID(),
      input,
      labels: { request: 'shared' },
    }));
    const answers = await Promise.all(
      numbers(8).map((index) => batch(index % 2 === 0 ? items : items.toReversed())),
    );
    await stack.sql.unsafe('DROP TRIGGER dawdle ON workflow_runs');
    const ids = answers.flatMap(outcomes);
    expect(ids.filter((id) => !/^[0-9a-f-]{36}$/.test(id)).slice(0, 3)).toEqual([]);
    expect(new Set(ids).size).toBe(100);
    expect((await stack.rows()).filter(({ label }) => label === 'shared')).toHaveLength(100);
    await stack.settled();
  });
});

describe('422, and no run at all', () => {
  it.each([
    ['1001 items', numbers(1001).map(() => ({})), '/items'],
    ['no item', [], '/items'],
    ['an item that is not valid', [{}, {}, { priority: 10 }], '/items/2/priority'],
    ['a key that is too long', [{ idempotencyKey: 'x'.repeat(256) }], '/items/0/idempotencyKey'],
  ])('for %s', async (_what, items, path) => {
    const before = (await stack.rows()).length;
    const { status, code, body } = await batch(items);
    expect({ status, code }).toEqual({ status: 422, code: 'VALIDATION_FAILED' });
    expect(body.errors?.map((error) => error.path)).toEqual([path]);
    expect((await stack.rows()).length).toBe(before);
  });
});
