import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { openRequestRate } from '../../../lib/limits/request-rate.ts';

// Never connected: what is tested here is the bucket that each process has while Redis is away.
const redis = new Redis({ lazyConnect: true });
afterAll(() => redis.disconnect());

function openRate() {
  let nowMs = 1_000_000;
  const rate = openRequestRate({ redis, queueName: 'test', isUp: () => false, now: () => nowMs });
  return { take: (orgId = 'a') => rate.take(orgId, 4), pass: (ms: number) => void (nowMs += ms) };
}

describe("a process' own bucket", () => {
  it('holds as many requests as the limit and is refilled evenly', async () => {
    const { take, pass } = openRate();
    const waits = [await take(), await take(), await take(), await take(), await take()];
    expect(waits).toEqual([0, 0, 0, 0, 15_000]);
    pass(14_000);
    expect(await take()).toBe(1000);
    pass(1000);
    expect([await take(), await take()]).toEqual([0, 15_000]);
  });

  it('is of one org alone', async () => {
    const { take } = openRate();
    for (let count = 0; count < 5; count += 1) await take('a');
    expect([await take('a'), await take('b')]).toEqual([15_000, 0]);
  });

  it('is not emptied by requests that were refused', async () => {
    const { take, pass } = openRate();
    for (let count = 0; count < 50; count += 1) await take();
    pass(15_000);
    expect(await take()).toBe(0);
  });
});
