/** What has expired goes, in small batches, with all that belongs to it; nothing that has not ended goes. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Sql } from '../../../lib/db/client.ts';
import { createRetention } from '../../../worker/duties/retention.ts';
import type { WorkerDeps } from '../../../worker/deps.ts';
import { openRunRows, type RunRows } from '../../support/run-rows.ts';

const DAY_MS = 86_400_000;
const KINDS = 5;

let rows: RunRows;
let sql: Sql;
beforeAll(async () => {
  rows = await openRunRows(2);
  ({ sql } = rows);
});
afterAll(async () => rows.close());
afterEach(async () => {
  for (const table of ['workflow_runs', 'workflow_run_events', 'workflow_run_progress', 'lifecycle_outbox'])
    await sql`DELETE FROM ${sql(table)}`;
  for (const table of ['event_listeners', 'event_inbox', 'events', 'event_deliveries', 'bulk_operations'])
    await sql`DELETE FROM ${sql(table)}`;
});

let count = 0;
/** A UUIDv7 of so many days ago. */
function idOf(days: number): string {
  count += 1;
  const time = (Date.now() - days * DAY_MS).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count.toString(16).padStart(12, '0')}`;
}

interface Aged {
  /** Days since its creation, and since its end; null: it has not ended. */
  created: number;
  ended: number | null;
  status?: string;
  parent?: string;
  timelineCount?: number;
  key?: string;
}

async function run({ created, ended, status, parent, timelineCount, key }: Aged): Promise<string> {
  const id = idOf(created);
  await sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status, created_at,
      finished_at, parent_run_id, parent_awaits, timeline_count, idempotency_key, idempotency_digest)
    VALUES (${id}, ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 1,
      ${status ?? (ended === null ? 'waiting' : 'succeeded')}, now() - make_interval(days => ${created}),
      now() - make_interval(days => ${ended}), ${parent ?? null}, ${parent !== undefined}, ${timelineCount ?? 0},
      ${key ?? null}, ${key === undefined ? null : 'digest'})`;
  return id;
}

async function left(table: string, column = 'id'): Promise<string[]> {
  const found = await sql<{ id: string }[]>`SELECT DISTINCT ${sql(column)} AS id FROM ${sql(table)}`;
  return found.map(({ id }) => id).toSorted();
}

function open() {
  const config = { databaseTimeoutMs: 5000, runRetentionDays: 30 };
  return createRetention({ sql, config } as WorkerDeps, 0);
}

/** So many batches of each kind. */
async function batches(times: number, duty = open()): Promise<void> {
  for (let n = 0; n < times * KINDS; n += 1) await duty.tick();
}

describe('a run', () => {
  it('goes with all that belongs to it when it ended longer ago than it is kept, and stays until then', async () => {
    const old = await run({ created: 50, ended: 31 });
    const young = await run({ created: 50, ended: 29 });
    for (const id of [old, young]) {
      await sql`INSERT INTO workflow_run_events (run_id, org_id, first, entries) VALUES
        (${id}, ${rows.orgId}, 1, '[]'), (${id}, ${rows.orgId}, 2, '[]')`;
      await sql`INSERT INTO workflow_run_progress (run_id, part, body) VALUES (${id}, 1, '1')`;
      await sql`INSERT INTO event_listeners (owner_id, owner, key, filter, org_id, condition)
        VALUES (${id}, 'run', 'k', 0, ${rows.orgId}, '{}')`;
      await sql`INSERT INTO event_inbox (owner_id, key, event_id) VALUES (${id}, 'k', ${randomUUID()})`;
    }
    await batches(2);
    expect(await left('workflow_runs')).toEqual([young]);
    const owners = await Promise.all([
      left('workflow_run_events', 'run_id'),
      left('workflow_run_progress', 'run_id'),
      left('event_listeners', 'owner_id'),
      left('event_inbox', 'owner_id'),
    ]);
    expect(owners).toEqual([[young], [young], [young], [young]]);
  });

  it('that has not ended stays, however old, and holds up no other', async () => {
    const open = await Promise.all(
      ['queued', 'running', 'waiting', 'suspended'].map((status) =>
        run({ created: 900, ended: null, status }),
      ),
    );
    for (let n = 0; n < 600; n += 1) open.push(await run({ created: 800, ended: null }));
    await run({ created: 40, ended: 35 });
    await batches(3);
    expect(await left('workflow_runs')).toEqual(open.toSorted());
  });

  it('stays while its parent has not ended, and goes after it', async () => {
    const parent = await run({ created: 50, ended: null });
    const child = await run({ created: 49, ended: 48, parent });
    await run({ created: 49, ended: 48, parent: await run({ created: 50, ended: 40 }) });
    await batches(2);
    expect(await left('workflow_runs')).toEqual([parent, child].toSorted());
    await sql`UPDATE workflow_runs SET status = 'failed', finished_at = now() WHERE id = ${parent}`;
    await batches(2);
    expect(await left('workflow_runs')).toEqual([parent]);
  });
});

describe('a batch', () => {
  it('has at most 500 runs', async () => {
    for (let n = 0; n < 720; n += 1) await run({ created: 50, ended: 40 });
    const duty = open();
    await batches(1, duty);
    expect((await left('workflow_runs')).length).toBe(220);
    await batches(1, duty);
    expect(await left('workflow_runs')).toEqual([]);
  });

  it('has fewer runs with long timelines, and at least one', async () => {
    for (let n = 0; n < 4; n += 1) await run({ created: 50, ended: 40, timelineCount: 6000 });
    await run({ created: 50, ended: 40, timelineCount: 50_000 });
    const duty = open();
    const sizes: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      await batches(1, duty);
      sizes.push((await left('workflow_runs')).length);
    }
    expect(sizes).toEqual([3, 1, 0]);
  });
});

async function event(days: number, dispatched = true): Promise<string> {
  const id = idOf(days);
  await sql`
    INSERT INTO events (id, org_id, kind, type, source, identity, envelope, created_at, dispatched_at)
    VALUES (${id}, ${rows.orgId}, 'received', 't', 's', ${id}, '{}', now() - make_interval(days => ${days}),
      ${dispatched ? '2020-01-01T00:00:00Z' : null})`;
  return id;
}

describe('an event', () => {
  it('goes with its deliveries, unless it is not dispatched, held, or on its way', async () => {
    const gone = await event(40);
    const [young, undispatched, held, sending] = [
      await event(20),
      await event(40, false),
      await event(40),
      await event(40),
    ];
    const endpoint = randomUUID();
    await sql`INSERT INTO event_inbox (owner_id, key, event_id) VALUES (${randomUUID()}, 'k', ${held})`;
    await sql`INSERT INTO event_deliveries (subscription_id, event_id, org_id, next_attempt_at)
      VALUES (${endpoint}, ${gone}, ${rows.orgId}, NULL), (${endpoint}, ${young}, ${rows.orgId}, NULL),
        (${endpoint}, ${sending}, ${rows.orgId}, now() + interval '1 hour')`;
    await batches(2);
    expect(await left('events')).toEqual([young, undispatched, held, sending].toSorted());
    expect(await left('event_deliveries', 'event_id')).toEqual([young, sending].toSorted());
  });
});

it('an operation that is over goes, one that runs stays, and so do young ones', async () => {
  const insert = async (days: number, status: string, finished: number | null) => {
    const id = idOf(days);
    await sql`
      INSERT INTO bulk_operations (id, org_id, action, options, filter, status, matched_count, requested_by, finished_at)
      VALUES (${id}, ${rows.orgId}, 'cancel', '{}', '{}', ${status}, 1, 'test', now() - make_interval(days => ${finished}))`;
    return id;
  };
  await insert(40, 'completed', 39);
  const kept = [await insert(40, 'running', null), await insert(20, 'aborted', 19)];
  await batches(2);
  expect(await left('bulk_operations')).toEqual(kept.toSorted());
});

it('a statement that fails holds up no other', async () => {
  await sql`INSERT INTO lifecycle_outbox (run_id, org_id, first, created_at)
    VALUES (${randomUUID()}, ${rows.orgId}, 1, now() - interval '31 days')`;
  await sql`ALTER TABLE workflow_run_progress RENAME TO away`;
  const duty = open();
  try {
    for (let n = 0; n < KINDS; n += 1) await duty.tick().catch(() => {});
    expect(await left('lifecycle_outbox', 'run_id')).toEqual([]);
  } finally {
    await sql`ALTER TABLE away RENAME TO workflow_run_progress`;
  }
});

it('a note of the timeline that nobody took goes', async () => {
  const young = randomUUID();
  await sql`INSERT INTO lifecycle_outbox (run_id, org_id, first, created_at) VALUES
    (${randomUUID()}, ${rows.orgId}, 1, now() - interval '31 days'), (${young}, ${rows.orgId}, 1, now())`;
  await batches(2);
  expect(await left('lifecycle_outbox', 'run_id')).toEqual([young]);
});

it('an idempotency key is free after 24 hours, and its run stays', async () => {
  const [old, young] = [
    await run({ created: 2, ended: 1, key: 'old' }),
    await run({ created: 0, ended: 0, key: 'young' }),
  ];
  const duty = open();
  await batches(2, duty);
  // What comes to be a day old later is found from there on.
  const later = await run({ created: 2, ended: null, key: 'later' });
  await batches(2, duty);
  expect(await left('workflow_runs')).toEqual([old, young, later].toSorted());
  const keys = await sql<{ key: string }[]>`
    SELECT idempotency_key AS key FROM workflow_runs WHERE idempotency_key IS NOT NULL`;
  expect(keys).toEqual([{ key: 'young' }]);
});
