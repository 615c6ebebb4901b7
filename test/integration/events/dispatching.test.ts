/** Events reach exactly the runs that listen for them, however often they are dispatched, and orgs take turns. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertInbox } from '../../../lib/db/events/inbox.ts';
import { findCandidates, findCorrelations } from '../../../lib/db/events/matching.ts';
import type { ListenFilter } from '../../../lib/engine/types.ts';
import { correlationHash, toNewListener } from '../../../lib/events/listener.ts';
import { jobId } from '../../../lib/queue/job.ts';
import { keys } from '../../../lib/queue/connection.ts';
import { createListenerSweep } from '../../../worker/duties/sweep-listeners.ts';
import { listenForEventHints } from '../../../worker/event-hints.ts';
import type { TestOrg } from '../../support/api.ts';
import { waitUntil } from '../../support/stack.ts';
import { eventOf, filterOf, KEY, openDispatchKit, type DispatchKit } from './dispatch-kit.ts';

let kit: DispatchKit;
beforeAll(async () => {
  kit = await openDispatchKit();
});
afterAll(() => kit.close());

/** Listeners of so many waiting runs, written at once. */
async function manyWaiting(
  org: TestOrg,
  count: number,
  filter: (index: number) => ListenFilter,
): Promise<string[]> {
  const template = await kit.run(org);
  const rows = Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    ...toNewListener(0, filter(index)),
  }));
  await kit.sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status, next_attempt_at)
    SELECT n.id, r.org_id, r.workflow_id, 1, 'api', 'test', 1, 'waiting', '9999-12-31Z'
    FROM workflow_runs r CROSS JOIN unnest(${rows.map(({ id }) => id)}::uuid[]) AS n (id) WHERE r.id = ${template.id}`;
  await kit.sql`
    INSERT INTO event_listeners (owner_id, owner, key, filter, org_id, type, correlate_from, correlate_value, condition)
    SELECT n.id, 'run', ${KEY}, 0, ${org.id}, n.type, n.correlate_from, n.value, n.condition::json
    FROM unnest(${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ type }) => type)}::text[],
      ${rows.map(({ correlateFrom }) => correlateFrom)}::text[],
      ${rows.map(({ correlateValue }) => correlateValue)}::text[],
      ${rows.map(({ conditionText }) => conditionText)}::text[]
    ) AS n (id, type, correlate_from, value, condition)`;
  return rows.map(({ id }) => id);
}

const byOrder = (expect: string): ListenFilter['correlate'] => ({ order: { from: '.data.orderId', expect } });

describe('a run that listens', () => {
  it('is woken by an event that passes a filter, gets its job, and no other run is', async () => {
    const [org, other] = [await kit.createOrg(), await kit.createOrg()];
    const listening = await kit.waiting(org, [filterOf('never'), filterOf('paid')]);
    await kit.waiting(org, [filterOf('shipped')]);
    await kit.waiting(org, [{ with: { type: 'paid', data: '${ .total > 100 }' }, correlate: {} }]);
    await kit.waiting(other, [filterOf('paid')]);
    const event = eventOf('paid', { total: 5 });
    await kit.send(org, [event]);
    await kit.dispatch();
    expect(await kit.woken(org)).toEqual([listening.id]);
    expect(await kit.woken(other)).toEqual([]);
    expect(await kit.collected(listening)).toEqual([event['id']]);
    const names = keys(kit.deps.config.queueName);
    expect(await kit.deps.queue.redis.exists(names.job(jobId(listening.id, 1)))).toBe(1);
  });

  it('is found by expressions, by patterns and without a type', async () => {
    const org = await kit.createOrg();
    const runs = [
      await kit.waiting(org, [{ with: { type: 'order\\.(paid|sent)' }, correlate: {} }]),
      await kit.waiting(org, [{ with: { source: '/test' }, correlate: {} }]),
      await kit.waiting(org, [{ with: { data: '${ .a == 1 }' }, correlate: byOrder('7') }]),
      await kit.waiting(org, [filterOf('order.paid', { any: { from: '.data.orderId' } })]),
    ];
    await kit.send(org, [eventOf('order.paid', { a: 1, orderId: '7' })]);
    await kit.dispatch();
    expect((await kit.woken(org)).sort()).toEqual(runs.map(({ id }) => id).sort());
  });

  it('gets events once and in order, a page at a time', async () => {
    const org = await kit.createOrg();
    const listening = await kit.waiting(org, [filterOf('a'), { with: { source: '/test' }, correlate: {} }]);
    const events = Array.from({ length: 230 }, () => eventOf('a'));
    await kit.send(org, events.slice(0, 100));
    await kit.dispatch();
    await kit.sql`UPDATE events SET dispatched_at = NULL WHERE org_id = ${org.id}`;
    await kit.send(org, events.slice(100));
    await kit.dispatch();
    const first = await listening.events.collected(KEY, 0);
    const rest = await listening.events.collected(KEY, first.at(-1)?.seq ?? 0);
    expect([...first, ...rest].map(({ event }) => event['id'])).toEqual(events.map(({ id }) => id));
    expect(await listening.events.collected(KEY, rest.at(-1)?.seq ?? 0)).toEqual([]);
  });

  it('gets large events one by one rather than all at once', async () => {
    const org = await kit.createOrg();
    const listening = await kit.waiting(org, [filterOf('large')]);
    for (let index = 0; index < 3; index++) await kit.send(org, [eventOf('large', 'x'.repeat(3 << 20))]);
    await kit.dispatch();
    expect(await listening.events.collected(KEY, 0)).toHaveLength(1);
  });

  it('collects nothing after it has closed, and nothing that was dispatched before', async () => {
    const org = await kit.createOrg();
    await kit.send(org, [eventOf('a')]);
    await kit.dispatch();
    const listening = await kit.waiting(org, [filterOf('a')]);
    await kit.dispatch();
    expect(await kit.collected(listening)).toEqual([]);
    await kit.send(org, [eventOf('a')]);
    await kit.dispatch();
    await listening.events.close(KEY);
    await kit.send(org, [eventOf('a')]);
    await kit.dispatch();
    expect(await kit.collected(listening)).toEqual([]);
  });

  it('is signalled again when the dispatcher died between the inbox and the signal', async () => {
    const org = await kit.createOrg();
    const listening = await kit.waiting(org, [filterOf('a')]);
    await kit.send(org, [eventOf('a')]);
    await kit.dispatch();
    await kit.sql`UPDATE workflow_runs SET signalled = false, next_attempt_at = '9999-12-31Z' WHERE id = ${listening.id}`;
    await kit.sql`UPDATE events SET dispatched_at = NULL WHERE org_id = ${org.id}`;
    await kit.dispatch();
    expect(await kit.woken(org)).toEqual([listening.id]);
    expect(await kit.collected(listening)).toHaveLength(1);
  });
});

describe('many runs of one workflow', () => {
  it('cost one evaluation when they correlate: of 2,000 one is looked at and woken', async () => {
    const org = await kit.createOrg();
    const ids = await manyWaiting(org, 2000, (index) => filterOf('paid', byOrder(String(index))));
    const rows = await findCorrelations(kit.sql, [{ orgId: org.id, type: 'paid' }]);
    expect(rows.map((row) => row.correlate_from)).toEqual(['.data.orderId']);
    const candidates = await findCandidates(kit.sql, {
      orgId: org.id,
      type: 'paid',
      correlations: [{ from: '.data.orderId', value: correlationHash('1234') }],
      after: null,
      limit: 500,
    });
    expect(candidates.map((row) => row.owner_id)).toEqual([ids[1234]]);
    await kit.send(org, [eventOf('paid', { orderId: '1234' }), eventOf('paid', {}), eventOf('paid', null)]);
    await kit.dispatch();
    expect(await kit.woken(org)).toEqual([ids[1234]]);
  });

  it('are all woken by an event that all wait for', async () => {
    const org = await kit.createOrg();
    const ids = await manyWaiting(org, 1200, () => filterOf('open'));
    await kit.send(org, [eventOf('open')]);
    await kit.dispatch();
    expect((await kit.woken(org)).sort()).toEqual(ids.toSorted());
  });
});

describe('dispatching', () => {
  it('goes on with other orgs while the filters of one are slow', async () => {
    const [slow, quick] = [await kit.createOrg(), await kit.createOrg()];
    const data = (index: number): string => `\${ [range(30000)] | length == ${index} }`;
    await manyWaiting(slow, 200, (index) => ({ with: { type: 'a', data: data(index) }, correlate: {} }));
    const listening = await kit.waiting(quick, [filterOf('a')]);
    await kit.send(slow, [eventOf('a')]);
    await kit.send(quick, [eventOf('a')]);
    const duty = kit.dispatcher();
    await duty.tick();
    await duty.tick();
    expect(await kit.collected(listening)).toHaveLength(1);
    const open = await kit.sql`SELECT 1 FROM events WHERE org_id = ${slow.id} AND dispatched_at IS NULL`;
    expect(open).toHaveLength(1);
    while (await duty.tick());
    expect(await kit.sql`SELECT 1 FROM events WHERE dispatched_at IS NULL`).toHaveLength(0);
  });

  it('tells nobody of lifecycle events but subscribers', async () => {
    const org = await kit.createOrg();
    const listening = await kit.waiting(org, [{ with: { source: '/test' }, correlate: {} }]);
    await kit.send(org, [eventOf('a')]);
    await kit.sql`UPDATE events SET kind = 'lifecycle' WHERE org_id = ${org.id}`;
    await kit.dispatch();
    expect(await kit.collected(listening)).toEqual([]);
    expect(await kit.sql`SELECT 1 FROM events WHERE dispatched_at IS NULL`).toHaveLength(0);
  });
});

describe('two dispatchers', () => {
  it('number the events of a listener in the order in which they become visible', async () => {
    const org = await kit.createOrg();
    const listening = await kit.waiting(org, [filterOf('a'), filterOf('b')]);
    await kit.send(org, [eventOf('a'), eventOf('b')]);
    const events = await kit.sql<
      { id: string }[]
    >`SELECT id FROM events WHERE org_id = ${org.id} ORDER BY id`;
    const [slow = '', quick = ''] = events.map(({ id }) => id);
    const listeners = [{ ownerId: listening.id, key: KEY }];
    const connection = await kit.sql.reserve();
    await connection`BEGIN`;
    await insertInbox(connection, slow, listeners);
    let isDone = false;
    const second = insertInbox(kit.sql, quick, listeners).then(() => {
      isDone = true;
    });
    const waiting = () =>
      kit.sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%event_inbox%'`;
    await waitUntil(async () => (await waiting()).length > 0, { what: 'the second waits for the first' });
    expect(isDone).toBe(false);
    await connection`COMMIT`;
    connection.release();
    await second;
    const order =
      await kit.sql`SELECT event_id FROM event_inbox WHERE owner_id = ${listening.id} ORDER BY seq`;
    expect(order).toEqual([{ event_id: slow }, { event_id: quick }]);
    await kit.dispatch();
  });
});

describe('hints', () => {
  it('wake the dispatcher when an event was stored', async () => {
    const org = await kit.createOrg();
    let woken = 0;
    const hints = listenForEventHints(kit.deps, () => {
      woken += 1;
    });
    const sendUntilHeard = async (): Promise<boolean> => {
      await kit.send(org, [eventOf('a')]);
      return woken > 0;
    };
    expect(await waitUntil(sendUntilHeard, { what: 'the hint is heard' })).toBe(true);
    hints.close();
    await kit.dispatch();
  });
});

describe('the sweep', () => {
  it('removes what ended runs and closed listeners have left, and nothing else', async () => {
    const org = await kit.createOrg();
    const [ended, gone, waits] = [
      await kit.waiting(org, [filterOf('a')]),
      await kit.waiting(org, [filterOf('a')]),
      await kit.waiting(org, [filterOf('a')]),
    ];
    await kit.send(org, [eventOf('a')]);
    await kit.dispatch();
    await kit.sql`UPDATE workflow_runs SET status = 'cancelled' WHERE id = ${ended.id}`;
    await kit.sql`DELETE FROM workflow_runs WHERE id = ${gone.id}`;
    const sweep = createListenerSweep(kit.deps);
    for (let round = 0; round < 20; round++) await sweep.tick();
    const owners = await kit.sql`SELECT owner_id FROM event_listeners WHERE org_id = ${org.id}`;
    expect(owners).toEqual([{ owner_id: waits.id }]);
    const collected = await kit.sql`
      SELECT owner_id FROM event_inbox WHERE owner_id IN (${ended.id}, ${gone.id}, ${waits.id})`;
    expect(collected).toEqual([{ owner_id: waits.id }]);
  });
});
