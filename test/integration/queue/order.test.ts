/** lib/queue/order on a real Redis: who goes when. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jobId } from '../../../lib/queue/job.ts';
import { waitUntil } from '../../support/stack.ts';
import {
  add,
  client,
  key,
  producer,
  start,
  startAll,
  times,
  useOrderQueue,
  type Started,
} from '../../support/order-queue.ts';

useOrderQueue();

/** The largest lead in starts of one org over another that still had runs to start. */
function largestLead(started: readonly Started[]): number {
  const left = new Map<string, number>();
  for (const { orgId } of started) left.set(orgId, (left.get(orgId) ?? 0) + 1);
  const done = new Map([...left.keys()].map((orgId) => [orgId, 0]));
  let lead = 0;
  for (const { orgId } of started) {
    done.set(orgId, (done.get(orgId) ?? 0) + 1);
    left.set(orgId, (left.get(orgId) ?? 0) - 1);
    for (const [other, count] of done) {
      if ((left.get(other) ?? 0) > 0) lead = Math.max(lead, (done.get(orgId) ?? 0) - count);
    }
  }
  return lead;
}

describe('between orgs', () => {
  it('a run waits for at most one of a backlog of another org, and so does each that follows', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    await add(times(1000, { orgId: a }));
    for (let count = 0; count < 10; count += 1) await start();
    await add(times(3, { orgId: b }));
    const next = [];
    for (let count = 0; count < 6; count += 1) next.push((await start())?.orgId);
    expect(next.filter((orgId) => orgId === b)).toHaveLength(3);
    expect(next.slice(0, 2)).toContain(b);
  });

  it('no mix of priorities gives an org more than its share', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    for (let priority = 0; priority <= 9; priority += 1) await add(times(20, { orgId: a, priority }));
    await add(times(150, { orgId: b, priority: 0 }));
    const started = await startAll();
    expect(started).toHaveLength(350);
    expect(largestLead(started)).toBeLessThanOrEqual(2);
  });

  it('holds for orgs, priorities and moments at random', async () => {
    const orgs = Array.from({ length: 4 }, () => randomUUID());
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const begun = new Set<string>();
    const addSome = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const item = { orgId: orgs[random(4)] ?? '', priority: random(10), generation: random(2) };
        await add(times(1 + random(20), item));
      }
    };
    await addSome(20);
    for (let count = 0; count < 60; count += 1) begun.add((await start())?.runId ?? '');
    await addSome(20);
    const started = await startAll();
    expect(largestLead(started)).toBeLessThanOrEqual(2);
    for (const { runId } of started) begun.add(runId);
    expect(begun.size).toBe(started.length + 60);
    expect(await client.zcard(key('prioritized'))).toBe(0);
  });
});

describe('within an org', () => {
  it('a run overtakes those of lower priority, and equals start in the order in which they came', async () => {
    const orgId = randomUUID();
    const low = await add(times(30, { orgId, priority: 2 }));
    await start();
    const high = await add(times(10, { orgId, priority: 9 }));
    const order = (await startAll()).map(({ runId }) => runId);
    expect(order.slice(0, 10)).toEqual(high);
    expect(order.slice(10)).toEqual(low.slice(1));
  });

  it('while another org waits as well', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const low = await add(times(30, { orgId: a, priority: 2 }));
    await add(times(60, { orgId: b }));
    await start();
    await start();
    const high = await add(times(10, { orgId: a, priority: 9 }));
    const started = await startAll();
    const order = started.filter(({ orgId }) => orgId === a).map(({ runId }) => runId);
    expect(order.slice(0, 10)).toEqual(high);
    expect(order.slice(10)).toEqual(low.slice(-order.length + 10));
    expect(largestLead(started)).toBeLessThanOrEqual(2);
  });

  it('a run that goes on comes before those of its priority that have not begun', async () => {
    const orgId = randomUUID();
    await add(times(20, { orgId }));
    await start();
    const [again] = await add([{ orgId, generation: 3 }]);
    expect((await start())?.runId).toBe(again);
  });
});

describe('timers that are due together', () => {
  it('10,000 of one org keep another waiting for less than a second', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    for (let count = 0; count < 10; count += 1) await add(times(1000, { orgId: a, generation: 1 }), 60_000);
    // As BullMQ promotes them: into the ordered set, by the priority of the job.
    const due = await client.zrange(key('delayed'), 0, '-1');
    const scores = due.flatMap((id, index) => [9 * 2 ** 32 + index, id]);
    await client.zadd(key('prioritized'), ...scores);
    await client.del(key('delayed'));
    await add([{ orgId: b }]);
    const from = performance.now();
    let before = 0;
    for (let next = await start(); next?.orgId !== b; next = await start()) before += 1;
    expect(before).toBeLessThan(60);
    expect(performance.now() - from).toBeLessThan(1000);
  });
});

describe('what Redis keeps', () => {
  it('of orgs is gone when nothing is queued', async () => {
    for (let count = 0; count < 20; count += 1) await add(times(3, { orgId: randomUUID() }));
    expect(await startAll()).toHaveLength(60);
    const own = (await client.keys(`${key('vespid:')}*`)).filter((name) => !name.endsWith('probe'));
    expect(own).toEqual([key('vespid:turn')]);
  });

  it('of an org whose backlog was taken back does not hold up its next run', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const taken = await add(times(50, { orgId: a }));
    await add(times(100, { orgId: b }));
    for (const runId of taken) producer.discard(runId, 0);
    await waitUntil(async () => (await client.exists(key(jobId(taken.at(-1) ?? '', 0)))) === 0, {
      what: 'gone',
    });
    await start();
    const [next] = await add([{ orgId: a }]);
    const soon = [await start(), await start()].map((started) => started?.runId);
    expect(soon).toContain(next);
  });

  it('may be lost: after a FLUSHALL the order is fair again', async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    await add(times(50, { orgId: a }));
    for (let count = 0; count < 20; count += 1) await start();
    await client.flushall();
    await add(times(50, { orgId: a }));
    await add([{ orgId: b }]);
    expect([(await start())?.orgId, (await start())?.orgId]).toContain(b);
  });
});
