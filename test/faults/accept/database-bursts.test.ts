/** The connections between the API and Postgres are cut, refused and silenced in short bursts, under load. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectPromisesKept } from '../../support/accept-promises.ts';
import { figures, startLoad } from '../../support/load.ts';
import { openRunStack, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

let stack: RunStack;
let redisProxy: TcpProxy;
let databaseProxy: TcpProxy;

beforeAll(async () => {
  stack = await openRunStack({
    env: { WORKFLOW_ENQUEUE_TIMEOUT_MS: '100', DATABASE_TIMEOUT_MS: '300' },
    apiEnv: async (env) => {
      redisProxy = await openTcpProxy(env.REDIS_URL);
      databaseProxy = await openTcpProxy(env.DATABASE_URL);
      return {
        REDIS_URL: redisProxy.through(env.REDIS_URL),
        DATABASE_URL: databaseProxy.through(env.DATABASE_URL),
      };
    },
  });
});
afterAll(async () => {
  await stack.close();
  await redisProxy.close();
  await databaseProxy.close();
});

const shortTime = (): Promise<void> => sleep(20 + Math.random() * 180);

/** Every way of losing the database, in turns; in every other turn the queue is out of reach as well. */
function startBursts(): { stop(): Promise<void> } {
  let over = false;
  const ways: (() => Promise<void>)[] = [
    async () => databaseProxy.cut(),
    async () => {
      databaseProxy.hold('both');
      await shortTime();
      databaseProxy.release();
    },
    async () => {
      databaseProxy.hold('answers');
      await shortTime();
      databaseProxy.cut();
      databaseProxy.release();
    },
    async () => {
      await databaseProxy.refuse();
      await shortTime();
      await databaseProxy.listen();
    },
  ];
  const running = (async () => {
    for (let turn = 0; !over; turn += 1) {
      if (turn % 2 === 1) redisProxy.hold(turn % 4 === 1 ? 'both' : 'answers');
      await shortTime();
      await ways[turn % ways.length]?.();
      await shortTime();
      redisProxy.release();
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

it('keeps the promise of each of 1000 answers, and recovers', async () => {
  const load = startLoad({
    perSecond: 130,
    maxInFlight: 150,
    start: (request) => stack.org.start(stack.workflowId, { labels: { request } }),
  });
  const bursts = startBursts();
  try {
    await waitUntil(() => load.samples.length >= 1000, { what: '1000 requests', timeoutMs: 60_000 });
  } finally {
    await bursts.stop();
  }
  const wellAt = performance.now();
  await waitUntil(() => load.samples.some(({ status, sentAt }) => status === 201 && sentAt > wellAt + 500), {
    what: 'runs are accepted again',
    timeoutMs: 5000,
  });
  const samples = await load.stop();
  await stack.age();
  await stack.settled();
  console.info(`database bursts: ${figures(samples)}`);
  await expectPromisesKept(stack, samples, { codes: ['DATABASE_UNAVAILABLE', 'ENQUEUE_OUTCOME_UNKNOWN'] });
  const codes = new Set(samples.map(({ code }) => code));
  expect(codes).toEqual(
    new Set([null, 'QUEUE_UNAVAILABLE', 'DATABASE_UNAVAILABLE', 'ENQUEUE_OUTCOME_UNKNOWN']),
  );
});
