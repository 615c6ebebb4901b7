/** What a run can do with events: each effect once, fenced, and bounded. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListenFilter } from '../../../lib/engine/types.ts';
import { eventOf, filterOf, KEY, openDispatchKit, type DispatchKit } from './dispatch-kit.ts';

let kit: DispatchKit;
beforeAll(async () => {
  kit = await openDispatchKit();
});
afterAll(() => kit.close());

const byOrder = (expected: string): ListenFilter['correlate'] => ({
  order: { from: '.data.orderId', expect: expected },
});

describe('the port of a run', () => {
  it('stores what it emits once, under its kind and run', async () => {
    const org = await kit.createOrg();
    const { id, events } = await kit.run(org);
    const event = eventOf('emitted');
    await events.emit(event);
    await events.emit(event);
    const rows = await kit.sql`SELECT kind, run_id, envelope FROM events WHERE org_id = ${org.id}`;
    expect(rows).toEqual([{ kind: 'emitted', run_id: id, envelope: event }]);
  });

  it('refuses an event or filters that are too large, as a limit that no try catches', async () => {
    const { events } = await kit.run(await kit.createOrg());
    const large = 'x'.repeat(1 << 20);
    await expect(events.emit(eventOf('a', large))).rejects.toMatchObject({ origin: 'limit' });
    const filter = filterOf('a', byOrder(large));
    await expect(events.listen(KEY, [filter])).rejects.toMatchObject({ origin: 'limit' });
  });

  it('begins to listen once, and not at all when its lease is lost', async () => {
    const org = await kit.createOrg();
    const { id, events } = await kit.run(org);
    await events.listen(KEY, [filterOf('a')]);
    await events.listen(KEY, [filterOf('a')]);
    await kit.sql`UPDATE workflow_runs SET lease = 2 WHERE id = ${id}`;
    await events.listen('another', [filterOf('a')]);
    expect(await kit.sql`SELECT key FROM event_listeners WHERE owner_id = ${id}`).toEqual([{ key: KEY }]);
  });

  it('listens for what was named last, and keeps what was collected', async () => {
    const org = await kit.createOrg();
    const listening = await kit.run(org);
    await listening.events.listen(KEY, [filterOf('a', byOrder('1'))]);
    const sent = ['1', '2', '2'].map((orderId) => eventOf('a', { orderId }));
    await kit.send(org, sent.slice(0, 2));
    await kit.dispatch();
    await listening.events.listen(KEY, [filterOf('a', byOrder('2'))]);
    await kit.send(org, sent.slice(2));
    await kit.dispatch();
    expect(await kit.collected(listening)).toEqual([sent[0]?.['id'], sent[2]?.['id']]);
  });

  it('takes names, types and expressions of any length', async () => {
    const org = await kit.createOrg();
    const { events, id } = await kit.run(org);
    const long = `t${'é'.repeat(2000)}`;
    const from = `.data.orderId${' '.repeat(5000)}`;
    await events.listen(`/${long}`, [filterOf(long, { order: { from, expect: '7' } })]);
    await kit.send(org, [eventOf(long, { orderId: '7' }), eventOf(long, { orderId: '8' })]);
    await kit.dispatch();
    expect(await events.collected(`/${long}`, 0)).toHaveLength(1);
    await events.close(`/${long}`);
    expect(await kit.sql`SELECT 1 FROM event_listeners WHERE owner_id = ${id}`).toHaveLength(0);
  });
});
