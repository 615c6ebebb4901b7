/** lib/limits/request-rate on a real Redis: one bucket an org for all processes. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRequestRate } from '../../../lib/limits/request-rate.ts';
import { startTestRedis, type TestRedis } from '../../support/stack.ts';

let redis: TestRedis;
let clients: Redis[];
beforeAll(async () => {
  redis = await startTestRedis();
  clients = [new Redis(redis.url), new Redis(redis.url)];
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await redis.stop();
});

it('an org with the highest limit there is takes nothing from the count of others', async () => {
  const [here, there] = clients.map((client) =>
    openRequestRate({ redis: client, queueName: 'rate', isUp: () => true }),
  );
  const waits = [];
  for (let count = 0; count < 3; count += 1) {
    expect(await here?.take('large', 1_000_000_000)).toBe(0);
    for (const rate of [here, there]) waits.push((await rate?.take('small', 4)) === 0);
  }
  expect(waits).toEqual([true, true, true, true, false, false]);
});
