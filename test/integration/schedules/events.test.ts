/** Runs that start by events: `schedule.on`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudEvent, Json } from '../../../lib/engine/types.ts';
import { waitUntil } from '../../support/stack.ts';
import { openWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';
import { act, fired, mustHave, publish, republish, runsOf } from './kit.ts';

let stack: WorkerStack;
let sent = 0;

beforeAll(async () => {
  stack = await openWorkerStack();
  await stack.startWorker();
});
afterAll(() => stack.close());

const eventOf = (type: string, data: Json): CloudEvent => ({
  specversion: '1.0',
  id: String(++sent),
  source: '/test',
  type,
  data,
});

/** Sends events one after the other, and waits until everybody was told of them. */
async function send(...events: CloudEvent[]): Promise<void> {
  const { org, sql } = stack;
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  const { status } = await org.call('POST', `/v1/orgs/${org.orgId}/events`, JSON.stringify(events), headers);
  expect(status).toBe(202);
  await waitUntil(
    async () => {
      const [row] = await sql<
        { open: number }[]
      >`SELECT count(*)::int AS open FROM events WHERE dispatched_at IS NULL`;
      return row?.open === 0;
    },
    { what: 'every event is dispatched' },
  );
}

/** What the runs of a workflow got, in their order. */
const inputs = async (workflowId: string): Promise<unknown[]> =>
  (await runsOf(stack.sql, workflowId)).map(({ input }) => input);

const inbox = async (workflowId: string): Promise<number> => {
  const { id } = await mustHave(stack.org, workflowId);
  const [row] = await stack.sql<
    { count: number }[]
  >`SELECT count(*)::int AS count FROM event_inbox WHERE owner_id = ${id} AND key <> 'used'`;
  return row?.count ?? 0;
};

const on = (strategy: Json, more: { read?: string; settings?: Record<string, unknown> } = {}) =>
  publish(stack.org, {
    schedule: { on: strategy, read: more.read ?? 'data' },
    ...(more.settings === undefined ? {} : { settings: more.settings }),
  });

const ofType = (type: string): Json => ({ with: { type } });
const ofOrder = (type: string): Json => ({ with: { type }, correlate: { order: { from: '.data.order' } } });

describe.concurrent('a schedule with `on`', () => {
  it('starts a run for each event that matches, with the events as its input', async () => {
    const { org, sql } = stack;
    const one = await on({ one: { with: { type: 'one.a', data: '${ .amount > 5 }' } } });
    const any = await on({ any: [ofType('one.a'), { with: { type: 'one.a', source: '/test' } }] });
    const envelopes = await publish(org, { schedule: { on: { one: ofType('one.a') } } });
    const events = [eventOf('one.a', { amount: 3 }), eventOf('one.a', { amount: 7 }), eventOf('one.b', {})];
    await send(...events);
    expect(await inputs(one)).toEqual([[{ amount: 7 }]]);
    // Both filters take it, and it counts once.
    expect(await inputs(any)).toEqual([[{ amount: 3 }], [{ amount: 7 }]]);
    expect(await inputs(envelopes)).toEqual([[events[0]], [events[1]]]);
    const [run] = await fired(sql, one, 1);
    const { id } = await mustHave(org, one);
    expect(await org.ended(run?.id ?? '')).toMatchObject({
      status: 'succeeded',
      trigger: 'event',
      scheduleId: id,
      requestedBy: `schedule:${id}`,
      output: { got: [{ amount: 7 }] },
    });
    expect(await mustHave(org, one)).toMatchObject({ kind: 'on', nextFireAt: null, lastRunId: run?.id });
  });

  it('starts one run for an event, however often it is dispatched', async () => {
    const { sql } = stack;
    const each = await on({ one: ofType('again.a') });
    const all = await on({ all: [ofType('again.a'), ofType('again.b')] });
    await send(eventOf('again.a', 1), eventOf('again.b', 2), eventOf('again.a', 3));
    await sql`UPDATE events SET dispatched_at = NULL WHERE type LIKE 'again.%'`;
    await send();
    expect(await inputs(each)).toEqual([[1], [3]]);
    expect(await inputs(all)).toEqual([[1, 2]]);
    expect(await inbox(all)).toBe(1);
  });

  it('with `all` waits for an event of each filter, of the same correlation', async () => {
    const workflowId = await on({ all: [ofOrder('all.paid'), ofOrder('all.packed')] });
    const event = (type: string, order: number, text: string) => eventOf(type, { order, text });
    await send(event('all.paid', 1, 'a'), event('all.packed', 2, 'b'), event('all.paid', 1, 'c'));
    expect(await inputs(workflowId)).toEqual([]);
    await send(event('all.packed', 1, 'd'), event('all.paid', 2, 'e'));
    expect(await inputs(workflowId)).toEqual([
      [
        { order: 1, text: 'a' },
        { order: 1, text: 'd' },
      ],
      [
        { order: 2, text: 'b' },
        { order: 2, text: 'e' },
      ],
    ]);
    // The second payment waits for the next parcel.
    await send(event('all.packed', 1, 'f'));
    expect((await inputs(workflowId))[2]).toEqual([
      { order: 1, text: 'c' },
      { order: 1, text: 'f' },
    ]);
  });

  it('with `all` starts when the last filter has its event, however many came for the first', async () => {
    const workflowId = await on({ all: [ofType('many.a'), ofType('many.b')] });
    await send(...Array.from({ length: 510 }, (_, index) => eventOf('many.a', index)));
    await send(eventOf('many.b', 'b'));
    expect(await inputs(workflowId)).toEqual([[0, 'b']]);
  });

  it('ends a collection at MAX_BODY_BYTES of events, also when other events are to end it', async () => {
    const workflowId = await on({ any: [ofType('big.n')], until: { one: ofType('big.end') } });
    for (let index = 0; index < 3; index++) await send(eventOf('big.n', 'x'.repeat(600_000)));
    const [first, ...others] = await inputs(workflowId);
    expect(first).toHaveLength(2);
    expect(others).toEqual([]);
  });

  it('with `until` collects events until an expression on them holds, or another event comes', async () => {
    const enough = await on({ any: [ofType('until.n')], until: '${ (map(.n) | add) >= 10 }' });
    const ended = await on({ any: [ofType('until.n')], until: { one: ofType('until.end') } });
    const event = (n: number) => eventOf('until.n', { n });
    await send(event(4), event(5));
    expect(await inputs(enough)).toEqual([]);
    await send(event(6), event(1), eventOf('until.end', null));
    expect(await inputs(enough)).toEqual([[{ n: 4 }, { n: 5 }, { n: 6 }]]);
    expect(await inputs(ended)).toEqual([[{ n: 4 }, { n: 5 }, { n: 6 }, { n: 1 }]]);
    expect(await inbox(ended)).toBe(0);
    // Nothing was collected: nothing is started.
    await send(eventOf('until.end', null));
    expect(await inputs(ended)).toHaveLength(1);
  });

  it('skips what overlaps, hears nothing while paused, and forgets what it collected when it changes', async () => {
    const { org } = stack;
    const schedule = { on: { one: ofType('busy') }, read: 'data' };
    const tasks = [{ nap: { wait: { minutes: 10 } } }];
    const busy = await publish(org, { schedule, settings: { overlap: 'skip' }, tasks });
    await send(eventOf('busy', 1), eventOf('busy', 2));
    expect(await inputs(busy)).toEqual([[1]]);
    expect(await mustHave(org, busy)).toMatchObject({ skippedCount: 1 });

    const paused = await on({ all: [ofType('pause.a'), ofType('pause.b')] });
    await send(eventOf('pause.a', 1));
    const { id } = await mustHave(org, paused);
    await act(org, id, 'pause');
    await send(eventOf('pause.b', 2));
    await act(org, id, 'resume');
    await send(eventOf('pause.b', 3));
    expect(await inputs(paused)).toEqual([[1, 3]]);

    await send(eventOf('pause.a', 4));
    const changed = { on: { all: [ofType('pause.b'), ofType('pause.c')] }, read: 'data' };
    await republish(org, paused, { schedule: changed });
    expect(await inbox(paused)).toBe(0);
    await send(eventOf('pause.a', 5), eventOf('pause.b', 6), eventOf('pause.c', 7));
    expect((await inputs(paused))[1]).toEqual([6, 7]);
    await republish(org, paused, {});
    const left = await stack.sql`SELECT owner_id FROM event_listeners WHERE owner_id = ${id}
      UNION ALL SELECT owner_id FROM event_inbox WHERE owner_id = ${id}`;
    expect(left).toHaveLength(0);
  });
});
