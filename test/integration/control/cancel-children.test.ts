/** Cancelling a run with many children: in pages, each child once, and again after a crash in the middle. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { cancelChildren } from '../../../lib/runs/cancel.ts';
import { openBulkKit, type BulkKit, type BulkOrg } from './bulk-kit.ts';

let kit: BulkKit;
let org: BulkOrg;
beforeAll(async () => {
  kit = await openBulkKit();
  org = await kit.createOrg();
});
afterAll(async () => kit.close());
afterEach(async () => {
  for (const table of ['workflow_runs', 'workflow_run_events']) await kit.sql`DELETE FROM ${kit.sql(table)}`;
});

it('ends a thousand children and their own, once each, and leaves the others', async () => {
  const [parent = ''] = await org.runs(1, { status: 'cancelled' });
  const children = await org.runs(1000, { status: 'waiting', parent });
  await org.runs(3, { status: 'running', parent: children[500] ?? '' });
  await org.runs(1, { status: 'succeeded', parent });
  const [alone = ''] = await org.runs(1, { status: 'running', parent });
  await kit.sql`UPDATE workflow_runs SET parent_awaits = false WHERE id = ${alone}`;
  await org.runs(2, { status: 'queued' });
  // Two callers at the same time wait for each other, and do not fail.
  await Promise.all([cancelChildren(kit.deps, parent), cancelChildren(kit.deps, parent)]);
  expect(await org.statuses()).toEqual({ cancelled: 1004, succeeded: 1, running: 1, queued: 2 });
  const [entries] = await kit.sql<{ all: number; runs: number }[]>`
    SELECT count(*)::int AS all, count(DISTINCT run_id)::int AS runs FROM workflow_run_events`;
  expect(entries).toEqual({ all: 1003, runs: 1003 });
});

it('finds the children of a child that was cancelled before a crash', async () => {
  const [parent = ''] = await org.runs(1, { status: 'cancelled' });
  const [child = ''] = await org.runs(1, { status: 'cancelled', parent });
  await org.runs(2, { status: 'waiting', parent: child });
  await cancelChildren(kit.deps, parent);
  expect(await org.statuses()).toEqual({ cancelled: 4 });
});
