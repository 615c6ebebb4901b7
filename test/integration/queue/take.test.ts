/** lib/queue/take on a real Redis: jobs are taken in their order, within the limits, and nothing gets lost between two places. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { jobId } from '../../../lib/queue/job.ts';
import { openJobTaker, type Asked, type Exchanged, type JobTaker } from '../../../lib/queue/take.ts';
import { waitUntil } from '../../support/stack.ts';
import { add, client, HOLD_MS, key, producer, times, useOrderQueue } from '../../support/order-queue.ts';

useOrderQueue();

let taker: JobTaker;
beforeEach(() => {
  taker = openJobTaker(client, 'order');
});

const exchange = (asked: Partial<Asked>): Promise<Exchanged> =>
  taker.exchange({ maxJobs: 0, finished: [], later: [], known: [], holdMs: HOLD_MS, ...asked });
const places = async () => ({
  active: await client.lrange(key('active'), 0, -1),
  prioritized: await client.zrange(key('prioritized'), 0, '-1'),
  delayed: await client.zrange(key('delayed'), 0, '-1'),
  wait: await client.lrange(key('wait'), 0, -1),
});

describe('jobs that are taken together', () => {
  it('are those whose turn it is, whatever each org has queued', async () => {
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await add(times(100, { orgId: a }));
    await add(times(3, { orgId: b }));
    await add(times(3, { orgId: c }));
    const known = [a, b, c].map((orgId) => [orgId, null] as const);
    const { jobs } = await exchange({ maxJobs: 9, known });
    const count = (orgId: string): number =>
      jobs.filter(({ data }) => JSON.stringify(data).includes(orgId)).length;
    expect([a, b, c].map(count)).toEqual([3, 3, 3]);
    expect(jobs.every(({ hasEntered }) => hasEntered)).toBe(true);
  });

  it('are within the limit of their org; the others are parked, and a slot that is let go calls one', async () => {
    const orgId = randomUUID();
    const runs = await add(times(5, { orgId }));
    const { jobs } = await exchange({ maxJobs: 10, known: [[orgId, 2]] });
    expect(jobs.map(({ id }) => id)).toEqual(runs.slice(0, 2).map((run) => jobId(run, 0)));
    expect(await client.zcard(key('delayed'))).toBe(3);
    await producer.order.leave([{ orgId, jobId: jobs[0]?.id ?? '', maxInFlight: 2 }]);
    const next = await exchange({ maxJobs: 10, finished: [jobs[0]?.id ?? ''], known: [[orgId, 2]] });
    expect(next.jobs.map(({ id }) => id)).toEqual([jobId(runs[2] ?? '', 0)]);
  });

  it('ask for themselves when nobody knows the limit of their org', async () => {
    const orgId = randomUUID();
    await add(times(2, { orgId }));
    const { jobs } = await exchange({ maxJobs: 2 });
    expect(jobs.map(({ hasEntered }) => hasEntered)).toEqual([false, false]);
    const asked = jobs.map(({ id, priority }) => ({ jobId: id, orgId, class: priority, maxInFlight: 1 }));
    expect(await producer.order.enter(asked, HOLD_MS)).toEqual(['started', 'parked']);
  });
});

describe('a job that is given back', () => {
  it('is gone when it is finished, and said twice it takes nothing from whoever has it since', async () => {
    const orgId = randomUUID();
    await add(times(1, { orgId }));
    const [job] = (await exchange({ maxJobs: 1 })).jobs;
    const id = job?.id ?? '';
    await exchange({ later: [{ id, delayMs: 0 }] });
    await exchange({ finished: [id], later: [{ id, delayMs: 60_000 }] });
    expect(await client.hexists(key(id), 'data')).toBe(1);
    const again = await waitUntil(async () => (await exchange({ maxJobs: 1 })).jobs[0], {
      what: 'it is due',
    });
    expect(again).toEqual(job);
    await exchange({ finished: [id] });
    expect(await client.exists(key(id))).toBe(0);
    expect(await places()).toEqual({ active: [], prioritized: [], delayed: [], wait: [] });
  });

  it('later says when it is due, and the marker says it to those who sleep', async () => {
    await add(times(1, { orgId: randomUUID() }));
    const [job] = (await exchange({ maxJobs: 1 })).jobs;
    await client.del(key('marker'));
    const { dueInMs } = await exchange({ later: [{ id: job?.id ?? '', delayMs: 5000 }] });
    expect(dueInMs).toBeGreaterThan(4900);
    expect(dueInMs).toBeLessThanOrEqual(5000);
    const due = Number(await client.zscore(key('marker'), '1'));
    expect(Math.abs(due - (Date.now() + 5000))).toBeLessThan(200);
  });

  it('of which Redis has lost all but the id leaves nothing that passes for it', async () => {
    await add(times(2, { orgId: randomUUID() }));
    const ids = (await exchange({ maxJobs: 2 })).jobs.map(({ id }) => id);
    await client.del(...ids.map(key));
    await exchange({ finished: ids.slice(0, 1), later: [{ id: ids[1] ?? '', delayMs: 10 }] });
    expect(await client.exists(...ids.map(key))).toBe(0);
    expect(await places()).toEqual({ active: [], prioritized: [], delayed: [], wait: [] });
  });
});

describe('a Redis that takes no more', () => {
  /** Jobs of one org: one that is taken, one that is due, and others that wait. */
  async function someJobs(): Promise<{ id: string; known: Asked['known'] }> {
    const orgId = randomUUID();
    const known = [[orgId, null]] as const;
    await add(times(3, { orgId }));
    const [job] = (await exchange({ maxJobs: 1, known })).jobs;
    await add(times(1, { orgId }), 1);
    return { id: job?.id ?? '', known };
  }

  it('has too few replicas: no job is taken out of its place', async () => {
    const { id, known } = await someJobs();
    const before = await places();
    await client.config('SET', 'min-replicas-to-write', '1');
    try {
      await expect(exchange({ maxJobs: 5, later: [{ id, delayMs: 10 }], known })).rejects.toThrow(
        /NOREPLICAS/,
      );
      expect(await places()).toEqual(before);
    } finally {
      await client.config('SET', 'min-replicas-to-write', '0');
    }
    expect((await exchange({ maxJobs: 5, known })).jobs.length).toBeGreaterThanOrEqual(2);
  });

  it('is full: what is done makes room, so jobs are still taken and given back', async () => {
    const { id, known } = await someJobs();
    await client.config('SET', 'maxmemory', '1');
    try {
      const taken = new Set<string>();
      await waitUntil(
        async () => {
          const { jobs } = await exchange({ maxJobs: 5, known });
          for (const job of jobs) taken.add(job.id);
          return taken.size === 3;
        },
        { what: 'all are taken' },
      );
      await exchange({ later: [{ id, delayMs: 60_000 }] });
      await exchange({ finished: [...taken] });
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
    expect(await places()).toEqual({ active: [], prioritized: [], delayed: [id], wait: [] });
  });
});

describe('jobs that nobody holds', () => {
  it('go back to the queue, once, but never one that is held', async () => {
    await add(times(2, { orgId: randomUUID() }));
    const [lost, held] = (await exchange({ maxJobs: 2 })).jobs.map(({ id }) => id);
    const check = async (): Promise<void> => {
      await client.del(key('stalled-check'));
      await taker.checkStalled(60_000);
    };
    await check();
    await taker.hold('me', [held ?? ''], 60_000);
    await check();
    expect(await places()).toMatchObject({ active: [held], wait: [lost] });
    const stalled = await client.xrange(key('events'), '-', '+');
    expect(stalled.map(([, fields]) => fields)).toEqual([['event', 'stalled', 'jobId', lost]]);
    // Of two workers that look in one period one does it.
    await taker.hold('other', [held ?? ''], 1);
    await taker.checkStalled(60_000);
    expect(await client.get(`${key(held ?? '')}:lock`)).toBe('me');
    expect((await exchange({ maxJobs: 2 })).jobs.map(({ id }) => id)).toEqual([lost]);
  });
});
