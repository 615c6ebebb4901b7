/** An org whose events cost much, or cannot be dispatched, leaves the dispatcher to the others. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOpenEvents } from '../../../lib/db/events/events.ts';
import { createFilterCache } from '../../../lib/tasks/events/filter-cache.ts';
import type { Duty } from '../../../worker/duties/duty.ts';
import { offerEvent } from '../../../worker/event-offer.ts';
import type { TestOrg } from '../../support/api.ts';
import { eventOf, filterOf, openDispatchKit, type DispatchKit } from './dispatch-kit.ts';

let kit: DispatchKit;
beforeAll(async () => {
  kit = await openDispatchKit();
});
afterAll(() => kit.close());

describe('an org whose events cannot be dispatched', () => {
  /** Has the database refuse rows of a table; the answer ends that. */
  async function refuse(table: string, condition: string): Promise<() => Promise<unknown>> {
    const name = `refuse_${table}`;
    await kit.sql.unsafe(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE query_canceled USING MESSAGE = 'refused by the test'; END $$`);
    await kit.sql.unsafe(`CREATE TRIGGER ${name} BEFORE INSERT ON ${table} FOR EACH ROW WHEN (${condition})
      EXECUTE FUNCTION ${name}()`);
    return () => kit.sql.unsafe(`DROP FUNCTION ${name} CASCADE`);
  }
  const tickOften = async (duty: Duty): Promise<void> => {
    for (let ticks = 0; ticks < 10; ticks++) await duty.tick().catch(() => {});
  };
  const open = async (org: TestOrg): Promise<number> =>
    (await kit.sql`SELECT 1 FROM events WHERE org_id = ${org.id} AND dispatched_at IS NULL`).length;

  it('because of a listener holds up nobody, and loses nothing', async () => {
    const [bad, good] = [await kit.createOrg(), await kit.createOrg()];
    const listening = await kit.waiting(bad, [filterOf('a')]);
    const other = await kit.waiting(good, [filterOf('a')]);
    await kit.send(bad, [eventOf('a'), eventOf('a')]);
    await kit.send(good, [eventOf('a')]);
    const allow = await refuse('event_inbox', `NEW.owner_id = '${listening.id}'`);
    // In the same piece of work.
    expect(await kit.dispatcher().tick()).toBe(true);
    expect(await kit.woken(good)).toEqual([other.id]);
    expect([await open(bad), await open(good)]).toEqual([2, 0]);
    await allow();
    await kit.dispatch();
    expect(await kit.collected(listening)).toHaveLength(2);
  });

  it('because of its subscriptions holds up nobody, and loses nothing', async () => {
    const [bad, good] = [await kit.createOrg(), await kit.createOrg()];
    await kit.sql`INSERT INTO event_subscriptions (id, org_id, url, types, lifecycle, key_id, sealed, created_by)
      VALUES (${randomUUID()}, ${bad.id}, 'https://example.com', '{*}', false, '', '', 'test')`;
    const other = await kit.waiting(good, [filterOf('a')]);
    await kit.send(good, [eventOf('b')]);
    await kit.send(bad, [eventOf('a')]);
    await kit.send(good, [eventOf('a')]);
    const allow = await refuse('event_deliveries', `NEW.org_id = '${bad.id}'`);
    await tickOften(kit.dispatcher());
    expect(await kit.woken(good)).toEqual([other.id]);
    expect([await open(bad), await open(good)]).toEqual([1, 0]);
    await allow();
    await kit.dispatch();
    const made = await kit.sql`SELECT 1 FROM event_deliveries WHERE org_id = ${bad.id}`;
    expect([await open(bad), made.length]).toEqual([0, 1]);
  });
});

it('schedules are told one by one, so that an org with many of them leaves room to others', async () => {
  const org = await kit.createOrg();
  const spec = {
    digest: 'd',
    trigger: { kind: 'on', on: null, strategy: { mode: 'each', filters: [filterOf('a')] } },
    catchUp: true,
    read: 'data',
  };
  for (let index = 0; index < 5; index++) {
    const [id, workflowId] = [randomUUID(), randomUUID()];
    await kit.sql`INSERT INTO workflows (id, org_id, name, draft, draft_source, draft_digest, published_version)
      VALUES (${workflowId}, ${org.id}, ${workflowId}, 'null', '', '', 1)`;
    await kit.sql`INSERT INTO workflow_versions (org_id, workflow_id, version, definition, source, digest, published_by)
      VALUES (${org.id}, ${workflowId}, 1, 'null', '', '', 'test')`;
    await kit.sql`INSERT INTO schedules (id, org_id, workflow_id, version, kind, spec, overlap)
      VALUES (${id}, ${org.id}, ${workflowId}, 1, 'on', ${JSON.stringify(spec)}::text::json, 'allow')`;
    await kit.sql`INSERT INTO event_listeners (owner_id, owner, key, filter, org_id, type, condition)
      VALUES (${id}, 'schedule', 'on', 0, ${org.id}, 'a', ${JSON.stringify(filterOf('a'))}::text::json)`;
  }
  await kit.send(org, [eventOf('a')]);
  const [event] = await findOpenEvents(kit.sql, [], 1);
  if (event === undefined) throw new Error('there is no event');
  const context = {
    deps: kit.deps,
    filters: createFilterCache(),
    turn: () => Promise.resolve(),
    signal: () => Promise.resolve(),
  };
  const counts: number[] = [];
  for await (const _step of offerEvent(context, event, [])) {
    counts.push((await kit.sql`SELECT 1 FROM workflow_runs WHERE org_id = ${org.id}`).length);
  }
  expect(counts).toEqual([0, 1, 2, 3, 4, 5]);
  await kit.dispatch();
  expect(await kit.sql`SELECT 1 FROM workflow_runs WHERE org_id = ${org.id}`).toHaveLength(5);
});
