/** A worker against the delete: Redis stops and goes on in short bursts, and the API gives up after 50 ms. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectPromisesKept } from '../../support/accept-promises.ts';
import { figures, sample, startLoad, type Load, type Sample } from '../../support/load.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil, type TestRedis } from '../../support/stack.ts';

let stack: RunStack;

beforeAll(async () => {
  stack = await openRunStack({ env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: '50' } });
});
afterAll(async () => stack.close());

/** Stops Redis again and again for 10 to 150 ms, with as much in between. */
function startBursts(redis: TestRedis): { stop(): Promise<void> } {
  let over = false;
  const shortTime = (): Promise<void> => sleep(10 + Math.random() * 140);
  const running = (async () => {
    while (!over) {
      await redis.kill('SIGSTOP');
      await shortTime();
      await redis.kill('SIGCONT');
      await shortTime();
    }
  })();
  return {
    stop: async () => {
      over = true;
      await running;
    },
  };
}

async function through(load: Load, requests: number): Promise<readonly Sample[]> {
  const bursts = startBursts(stack.redis);
  try {
    await waitUntil(() => load.samples.length >= requests, {
      what: `${requests} requests`,
      timeoutMs: 40_000,
    });
  } finally {
    await bursts.stop();
    await load.stop();
  }
  await stack.age();
  await stack.settled();
  return load.samples;
}

it('keeps the promise of each of 1000 answers', async () => {
  const load = startLoad({
    perSecond: 130,
    maxInFlight: 100,
    start: (request) => stack.org.start(stack.workflowId, { labels: { request } }),
  });
  const samples = await through(load, 1000);
  console.info(`bursts: ${figures(samples)}`);
  await expectPromisesKept(stack, samples);
  expect(samples.filter(({ status }) => status === 201).length).toBeGreaterThan(100);
  expect(samples.filter(({ code }) => code === 'QUEUE_UNAVAILABLE').length).toBeGreaterThan(100);
  const orphans = stack.worker?.logs.filter(({ event }) => event === 'workflow_run_orphaned') ?? [];
  expect(orphans.length).toBeGreaterThan(0);
});

it('makes one run or none of two requests with one key, and one whenever either was accepted', async () => {
  const twins: Sample[][] = [];
  const load = startLoad({
    perSecond: 60,
    maxInFlight: 100,
    start: async (request) => {
      const send = () => stack.org.start(stack.workflowId, { labels: { request } }, { key: request });
      const first = send();
      const pair = await Promise.all([sample(request, () => first), sample(request, send)]);
      twins.push(pair);
      return first;
    },
  });
  await through(load, 300);
  const rows = await stack.rows();
  const wrong = twins.flatMap((pair) => {
    const accepted = pair.filter(({ status }) => status === 201);
    const made = rows.filter((row) => row.label === pair[0]?.label);
    const right =
      accepted.length === 0
        ? made.length === 0
        : made.length === 1 &&
          made[0]?.status === 'succeeded' &&
          accepted.every(({ runId }) => runId === made[0]?.id);
    return right ? [] : [{ pair, made }];
  });
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(twins.flat().filter(({ status, code }) => status !== 201 && code !== 'QUEUE_UNAVAILABLE')).toEqual(
    [],
  );
  expect(twins.filter((pair) => pair.every(({ status }) => status === 201)).length).toBeGreaterThan(20);
});
