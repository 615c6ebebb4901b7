/** lib/queue/order on a real Redis: places, and the slots of orgs with a limit of runs in flight. */
import { randomUUID } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { describe, expect, it } from 'vitest';
import { jobId, toQueuePriority } from '../../../lib/queue/job.ts';
import { waitUntil } from '../../support/stack.ts';
import {
  add,
  client,
  HOLD_MS,
  key,
  leave,
  producer,
  startAll,
  take,
  times,
  useOrderQueue,
} from '../../support/order-queue.ts';

useOrderQueue();

describe('limits of runs in flight', () => {
  it('a job beyond the limit is parked once, and a slot that is let go calls exactly one', async () => {
    const orgId = randomUUID();
    await add(times(5, { orgId }));
    const started: string[] = [];
    for (let next = await take(2); next !== null; next = await take(2)) {
      if (next.entered === 'started') started.push(next.runId);
    }
    expect(started).toHaveLength(2);
    expect(await client.zcard(key('delayed'))).toBe(3);
    await leave(orgId, jobId(started[0] ?? '', 0), 2);
    expect(await client.zcard(key('delayed'))).toBe(2);
    expect((await take(2))?.entered).toBe('started');
    expect(await take(2)).toBeNull();
  });

  it('a called run keeps its slot from others, and new jobs of the org stand behind the parked ones', async () => {
    const orgId = randomUUID();
    await add(times(3, { orgId }));
    const first = await take(1);
    await take(1);
    await leave(orgId, jobId(first?.runId ?? '', 0), 1);
    const [late] = await add([{ orgId, priority: 9 }]);
    const entered = [];
    for (let next = await take(1); next !== null; next = await take(1)) entered.push(next);
    const begun = entered.filter((next) => next.entered === 'started');
    expect(begun).toHaveLength(1);
    expect(begun[0]?.runId).not.toBe(late);
  });

  it('slots of a worker that is gone are free after their time, and the walk over parked orgs calls for them', async () => {
    const orgId = randomUUID();
    await add(times(3, { orgId }));
    await take(1);
    await take(1);
    expect(await producer.order.callParked(orgId, 1)).toBe(false);
    expect(await take(1)).toMatchObject({ entered: 'parked' });
    await client.zadd(
      key(`vespid:slots:${orgId}`),
      1,
      (await client.zrange(key(`vespid:slots:${orgId}`), '0', '0'))[0] ?? '',
    );
    expect((await producer.order.parkedOrgs('0')).orgIds).toEqual([orgId]);
    await producer.order.callParked(orgId, 1);
    expect(await take(1)).toMatchObject({ entered: 'started' });
  });

  it('a run that is handed over keeps its slot, also when who had it lets go late', async () => {
    const orgId = randomUUID();
    const [run = ''] = await add([{ orgId }]);
    expect((await take(1))?.entered).toBe('started');
    await add([{ orgId }]);
    expect((await take(1))?.entered).toBe('parked');
    const again = { jobId: jobId(run, 1), orgId, class: 9, maxInFlight: 1 };
    expect(await producer.order.enter([again], HOLD_MS)).toEqual(['started']);
    await leave(orgId, jobId(run, 0), 1);
    expect(await client.zrange(key(`vespid:slots:${orgId}`), '0', '-1')).toEqual([again.jobId]);
    expect(await take(1)).toBeNull();
  });

  it('a run whose worker died goes on in its slot, and not behind the parked ones of its org', async () => {
    const orgId = randomUUID();
    const [runId = ''] = await add(times(3, { orgId }));
    expect((await take(1))?.runId).toBe(runId);
    expect((await take(1))?.entered).toBe('parked');
    await producer.enqueue({ runId, orgId, generation: 1, priority: 5, delayMs: 0, format: 1 }, 2000);
    expect(await take(1)).toMatchObject({ runId, entered: 'started' });
  });

  it('a called run that is cancelled before it starts gives its slot back', async () => {
    const orgId = randomUUID();
    const [first = '', second = ''] = await add(times(3, { orgId }));
    while ((await take(1)) !== null);
    await leave(orgId, jobId(first, 0), 1);
    producer.discard(second, 0);
    await waitUntil(async () => (await client.exists(key(jobId(second, 0)))) === 0, { what: 'gone' });
    await producer.order.callParked(orgId, 1);
    expect((await take(1))?.entered).toBe('started');
  });

  it('however many parked jobs were lost, one call gets a bounded number out of the way', async () => {
    const orgId = randomUUID();
    const parked = key(`vespid:parked:${orgId}`);
    await client.zadd(parked, ...Array.from({ length: 1000 }, (_, n) => [1, `lost-${n}`]).flat());
    await producer.order.callParked(orgId, 1);
    expect(await client.zcard(parked)).toBeGreaterThan(500);
    await waitUntil(
      async () => {
        await producer.order.callParked(orgId, 1);
        return (await client.exists(parked)) === 0;
      },
      { what: 'all are gone' },
    );
  });

  it('parked jobs come due one by one, and those that were taken back leave nothing behind', async () => {
    const orgId = randomUUID();
    await add(times(30, { orgId }));
    const parked = [];
    for (let next = await take(1); next !== null; next = await take(1)) {
      if (next.entered === 'parked') parked.push(next.runId);
    }
    expect(parked).toHaveLength(29);
    // Those that come due uncalled do not come all at once.
    const due = await client.zrange(key('delayed'), '0', '-1', 'WITHSCORES');
    const dueMs = due.filter((_item, index) => index % 2 === 1).map((score) => Number(score) / 4096);
    expect(Math.min(...dueMs)).toBeGreaterThan(Date.now() + 590_000);
    expect(Math.max(...dueMs) - Math.min(...dueMs)).toBeGreaterThan(300_000);
    for (const runId of parked) producer.discard(runId, 0);
    await waitUntil(async () => (await client.zcard(key('delayed'))) === 0, { what: 'gone' });
    expect(await client.exists(key(`vespid:parked:${orgId}`))).toBe(0);
  });

  it('a limit that is gone lets all of them go', async () => {
    const orgId = randomUUID();
    await add(times(120, { orgId }));
    for (let next = await take(1); next !== null; next = await take(1));
    let rounds = 0;
    for (let more = true; more; rounds += 1) more = await producer.order.callParked(orgId, null);
    expect(rounds).toBe(3);
    expect(await startAll()).toHaveLength(119);
    expect((await producer.order.parkedOrgs('0')).orgIds).toEqual([]);
  });
});

describe('a place', () => {
  it('is given to a burst without any worker that takes a job', async () => {
    await add(times(1000, { orgId: randomUUID() }));
    const placed = () => client.zcount(key('prioritized'), 2 ** 37, '+inf');
    const all = waitUntil(async () => (await placed()) === 1000, { what: 'all have places' });
    expect(await all).toBe(true);
  });

  it('is counted once, also of a job that comes back from a worker that did not ask for it', async () => {
    const orgId = randomUUID();
    const [run = ''] = await add(times(2, { orgId }));
    const placed = () => client.zcount(key('prioritized'), 2 ** 37, '+inf');
    await waitUntil(async () => (await placed()) === 2, { what: 'both have places' });
    // As BullMQ does when a worker delays it and its time comes.
    const score = toQueuePriority({ priority: 5, generation: 0 }) * 2 ** 32;
    await client.zadd(key('prioritized'), score, jobId(run, 0));
    const last = uuidv7();
    await producer.enqueue({ runId: last, orgId, generation: 0, priority: 5, delayMs: 0, format: 1 }, 2000);
    await waitUntil(async () => (await placed()) === 3, { what: 'all have places' });
    const packed = await client.hgetBuffer(key('vespid:orgs'), orgId);
    // The number after the name, in MessagePack: a small one is its own byte.
    expect(packed?.[packed.indexOf('queued') + 'queued'.length]).toBe(3);
  });
});

describe('a job that a worker has taken and Redis has lost since', () => {
  it.each([1, null])('leaves nothing that passes for it; limit: %s', async (maxInFlight) => {
    const orgId = randomUUID();
    await add(times(3, { orgId }));
    await take(maxInFlight);
    const [first = '', second = ''] = await client.zpopmin(key('prioritized'));
    expect(second).not.toBe('');
    await client.lpush(key('active'), first);
    await client.del(key(first));
    await producer.order.enter([{ jobId: first, orgId, class: 10, maxInFlight }], HOLD_MS);
    expect(await client.exists(key(first))).toBe(0);
  });
});
