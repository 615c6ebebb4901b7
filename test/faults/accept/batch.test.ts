/** A batch while the queue fails: its scripts are no transaction, so each item has an outcome of its own. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { expectPromisesKept } from '../../support/accept-promises.ts';
import type { Answer, BatchAnswer } from '../../support/client.ts';
import type { Sample } from '../../support/load.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const DEADLINE_MS = 1000;
let stack: RunStack;
let proxy: TcpProxy;
let databaseProxy: TcpProxy;

beforeAll(async () => {
  stack = await openRunStack({
    env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: String(DEADLINE_MS), DATABASE_TIMEOUT_MS: '1000' },
    apiEnv: async (env) => {
      proxy = await openTcpProxy(env.REDIS_URL);
      databaseProxy = await openTcpProxy(env.DATABASE_URL);
      return {
        REDIS_URL: proxy.through(env.REDIS_URL),
        DATABASE_URL: databaseProxy.through(env.DATABASE_URL),
      };
    },
  });
});
afterAll(async () => {
  await stack.close();
  await proxy.close();
  await databaseProxy.close();
});
beforeEach(async () => {
  await waitUntil(async () => (await stack.org.start(stack.workflowId)).status === 201, {
    what: 'runs are accepted',
  });
});
afterEach(() => {
  databaseProxy.release();
  proxy.release();
});

type Item = Parameters<RunStack['org']['batch']>[1][number];

const newItems = (count: number): Item[] =>
  Array.from({ length: count }, () => ({ labels: { request: randomUUID() } }));
const batch = (items: Item[]): Promise<Answer<BatchAnswer>> => stack.org.batch(stack.workflowId, items);

/** Each item as if it had been a request of its own. */
const samplesOf = (items: readonly Item[], { body, latencyMs }: Answer<BatchAnswer>): Sample[] =>
  body.items.map(({ run, problem }, index) => ({
    label: items[index]?.labels?.['request'] ?? '',
    sentAt: 0,
    latencyMs,
    status: run === undefined ? problem.status : 201,
    code: problem?.code ?? null,
    runId: run?.id ?? (typeof problem?.['runId'] === 'string' ? problem['runId'] : null),
    reason: null,
  }));

const codes = (samples: readonly Sample[]): (string | null)[] => samples.map(({ code }) => code);

it('refuses all 1000 items under one deadline when nothing reaches Redis', async () => {
  const items = newItems(1000);
  proxy.hold('both');
  const answer = await batch(items);
  const samples = samplesOf(items, answer);
  expect(new Set(codes(samples))).toEqual(new Set(['QUEUE_UNAVAILABLE']));
  expect(answer.latencyMs).toBeLessThan(DEADLINE_MS + 700);
  proxy.release();
  await stack.settled();
  await expectPromisesKept(stack, samples);
  const orphans = stack.worker?.logs.filter(({ event }) => event === 'workflow_run_orphaned') ?? [];
  expect(orphans.length).toBe(1000);
});

it('accepts the items that a worker took from a batch that broke off in the middle, and refuses the rest', async () => {
  const items = newItems(800);
  // Scripts of 200 jobs, each job about 280 bytes: one gets through as a whole.
  proxy.holdAfter(100_000);
  const samples = samplesOf(items, await batch(items));
  const accepted = samples.filter(({ status }) => status === 201);
  expect(accepted.length).toBeGreaterThan(10);
  expect(samples.length - accepted.length).toBeGreaterThan(10);
  proxy.release();
  await stack.settled();
  await expectPromisesKept(stack, samples);
});

it('keeps a replay beside fresh items: theirs are removed, its row is not', async () => {
  const first = await stack.org.start(stack.workflowId, { startAt: '2100-01-01T00:00:00Z' });
  const idempotencyKey = randomUUID();
  const kept: Item = { idempotencyKey, startAt: '2100-01-01T00:00:00Z' };
  const [before] = (await batch([kept])).body.items;
  proxy.hold('both');
  const items = [...newItems(5), kept, ...newItems(5)];
  const samples = samplesOf(items, await batch(items));
  expect(new Set(codes(samples))).toEqual(new Set(['QUEUE_UNAVAILABLE']));
  const ids = (await stack.rows()).map(({ id }) => id);
  expect(ids).toContain(before?.run?.id);
  await expectPromisesKept(
    stack,
    samples.filter(({ label }) => label !== ''),
  );
  proxy.release();
  await waitUntil(async () => (await stack.org.start(stack.workflowId)).status === 201, {
    what: 'the queue is back',
  });
  for (const id of [first.body.run.id, before?.run?.id ?? '']) await stack.org.cancel(id);
});

it('answers ENQUEUE_OUTCOME_UNKNOWN for every item when the removal is cut off', async () => {
  await stack.sql.unsafe(`
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$;
    CREATE TRIGGER linger BEFORE DELETE ON workflow_runs FOR EACH STATEMENT EXECUTE FUNCTION linger();`);
  const items = newItems(50);
  proxy.hold('both');
  const answering = batch(items);
  await waitUntil(
    async () =>
      (
        await stack.sql`SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'vespid-api%' AND wait_event = 'PgSleep'`
      ).length > 0,
    { what: 'the removal is under way' },
  );
  databaseProxy.cut();
  const samples = samplesOf(items, await answering);
  expect(new Set(codes(samples))).toEqual(new Set(['ENQUEUE_OUTCOME_UNKNOWN']));
  expect(samples.filter(({ runId }) => runId === null)).toEqual([]);
  await stack.sql.unsafe('DROP TRIGGER linger ON workflow_runs');
  proxy.release();
  await stack.age();
  await stack.settled();
  await expectPromisesKept(stack, samples, { codes: ['ENQUEUE_OUTCOME_UNKNOWN'] });
});
