/** Cancelling and repeating many runs: counted first, page by page, each run once, and nothing that was not meant. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cancelBulkPage, findBulkPage } from '../../../lib/db/bulk/pages.ts';
import type { BulkRow } from '../../../lib/db/bulk/row.ts';
import { toRunFilter } from '../../../lib/bulk/request.ts';
import type { Duty } from '../../../worker/duties/duty.ts';
import { openBulkKit, type Bulk, type BulkKit, type BulkOrg } from './bulk-kit.ts';

let kit: BulkKit;
let org: BulkOrg;
let other: BulkOrg;
beforeAll(async () => {
  kit = await openBulkKit();
  [org, other] = await Promise.all([kit.createOrg(), kit.createOrg()]);
});
afterAll(async () => kit.close());
afterEach(async () => {
  await kit.sql`DELETE FROM workflow_runs`;
  await kit.sql`DELETE FROM bulk_operations`;
});

async function finish(duty: Duty = kit.duty()): Promise<void> {
  while (await duty.tick());
}

async function rowOf(bulk: Bulk): Promise<BulkRow> {
  const [row] = await kit.sql<BulkRow[]>`SELECT * FROM bulk_operations WHERE id = ${bulk.id}`;
  if (row === undefined) throw new Error('the operation is not there');
  return row;
}

describe('a request', () => {
  it('with dryRun counts and does nothing', async () => {
    await org.runs(3);
    await org.runs(2, { status: 'succeeded' });
    await other.runs(4);
    const bulk = await org.begin({
      action: 'cancel',
      filter: { status: ['queued', 'running'] },
      dryRun: true,
    });
    expect(bulk).toMatchObject({ status: 'dry_run', dryRun: true, matchedCount: 3, processedCount: 0 });
    await finish();
    expect(await org.find(bulk)).toEqual(bulk);
    expect(await org.statuses()).toEqual({ queued: 3, succeeded: 2 });
  });

  it('says what of it is wrong, and where', async () => {
    const answers = await Promise.all(
      [
        { action: 'cancel' },
        { action: 'pause', filter: {} },
        { action: 'cancel', filter: { state: 'queued' } },
        { action: 'cancel', filter: { status: 'done', workflowId: 'x', from: 'today' } },
        { action: 'cancel', filter: {}, from: 'failed', version: 1 },
        { action: 'rerun', filter: {}, from: 'the middle' },
      ].map((json) => org.call('POST', '/runs/bulk', json)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(422));
    const paths = answers.map(({ body }) => body.errors?.map(({ path }) => path));
    expect(paths).toEqual([
      ['/filter'],
      ['/action'],
      ['/filter/state'],
      ['/filter/status', '/filter/workflowId', '/filter/from'],
      ['/from', '/version'],
      ['/from'],
    ]);
  });

  it('is refused while the org has ten operations under way', async () => {
    await org.runs(1);
    const begun = await Promise.all(
      Array.from({ length: 10 }, () => org.begin({ action: 'rerun', filter: {} })),
    );
    expect(await org.call('POST', '/runs/bulk', { action: 'rerun', filter: {} })).toMatchObject({
      status: 409,
      body: { code: 'INVALID_STATE' },
    });
    const list = await org.call('GET', '/runs/bulk?limit=200');
    expect(list.body.items?.map(({ id }) => id)).toEqual(
      begun
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
  });

  it('is over at once when nothing matches', async () => {
    const bulk = await org.begin({ action: 'cancel', filter: { labels: { no: 'run' } } });
    expect(bulk).toMatchObject({ status: 'completed', matchedCount: 0, finishedAt: bulk.createdAt });
  });
});

it("another org's operation is not found, by no method", async () => {
  await org.runs(1);
  const { id } = await org.begin({ action: 'cancel', filter: {} });
  for (const path of [`/runs/bulk/${id}`, `/bulk/${id}`]) {
    expect((await org.call('GET', path)).status).toBe(200);
    for (const method of ['GET', 'DELETE']) expect((await other.call(method, path)).status).toBe(404);
  }
});

describe('cancel', () => {
  it('ends the runs of the filter and their children, and no others', async () => {
    const labels = { team: 'red' };
    const red = await org.runs(230, { labels, status: 'waiting' });
    await org.runs(5, { labels: { team: 'blue' }, status: 'waiting' });
    await other.runs(5, { labels, status: 'waiting' });
    const [child = ''] = await org.runs(1, { parent: red[7] ?? '', status: 'waiting' });
    const [grandchild = ''] = await org.runs(1, { parent: child, status: 'running' });
    const bulk = await org.begin({ action: 'cancel', filter: { labels } });
    expect(bulk).toMatchObject({ status: 'running', matchedCount: 230 });
    await finish();
    expect(await org.find(bulk)).toMatchObject({
      status: 'completed',
      processedCount: 230,
      succeededCount: 230,
      skippedCount: 0,
    });
    expect(await org.statuses()).toEqual({ cancelled: 232, waiting: 5 });
    expect(await other.statuses()).toEqual({ waiting: 5 });
    const entries = await kit.sql<{ run_id: string; by: string }[]>`
      SELECT run_id, entries -> 0 ->> 'by' AS by FROM workflow_run_events WHERE entries -> 0 ->> 'type' = 'run_cancelled'`;
    expect(entries.length).toBe(232);
    expect(entries.find(({ run_id: id }) => id === red[0])?.by).toBe(org.keyId);
    expect(entries.find(({ run_id: id }) => id === grandchild)?.by).toBeNull();
  });

  it('skips what has ended, and counts it', async () => {
    await org.runs(2);
    await org.runs(3, { status: 'failed' });
    const bulk = await org.begin({ action: 'cancel', filter: {} });
    await finish();
    expect(await org.find(bulk)).toMatchObject({ processedCount: 5, succeededCount: 2, skippedCount: 3 });
    expect(await org.statuses()).toEqual({ cancelled: 2, failed: 3 });
  });

  it('wakes a parent that waits for a run of the page, unless it is cancelled itself', async () => {
    const [alone = '', both = ''] = await org.runs(2, { status: 'waiting', labels: { a: '1' } });
    await org.runs(1, { parent: alone });
    await org.runs(1, { parent: both });
    await kit.sql`UPDATE workflow_runs SET next_attempt_at = 'infinity' WHERE parent_run_id IS NULL`;
    await kit.sql`UPDATE workflow_runs SET status = 'queued' WHERE id = ${both}`;
    await org.begin({ action: 'cancel', filter: { status: 'queued' } });
    await finish();
    const states = await kit.sql<{ id: string; status: string; generation: number; due: boolean | null }[]>`
      SELECT id, status, generation, next_attempt_at <= now() AS due FROM workflow_runs
      WHERE parent_run_id IS NULL ORDER BY id`;
    expect(states).toEqual([
      { id: alone, status: 'waiting', generation: 1, due: true },
      { id: both, status: 'cancelled', generation: 1, due: null },
    ]);
  });

  it('leaves alone what was created after the request', async () => {
    await org.runs(1);
    const bulk = await org.begin({ action: 'cancel', filter: {} });
    await kit.sql`UPDATE bulk_operations SET created_at = created_at - interval '1 second'`;
    await kit.sql`UPDATE workflow_runs SET created_at = created_at - interval '1 hour'`;
    await org.runs(3);
    await finish();
    expect(await org.find(bulk)).toMatchObject({ status: 'completed', processedCount: 1 });
    expect(await org.statuses()).toEqual({ cancelled: 1, queued: 3 });
  });
});

describe('an operation', () => {
  it('that is aborted leaves the pages that are not done untouched; again changes nothing', async () => {
    await org.runs(250);
    const bulk = await org.begin({ action: 'cancel', filter: {} });
    const duty = kit.duty();
    await duty.tick();
    const aborted = await org.call('DELETE', `/runs/bulk/${bulk.id}`);
    expect(aborted).toMatchObject({
      status: 202,
      body: { bulk: { status: 'aborted', processedCount: 100 } },
    });
    const again = await org.call('DELETE', `/runs/bulk/${bulk.id}`);
    expect(again).toMatchObject({ status: 200, body: aborted.body });
    await finish(duty);
    expect(await org.statuses()).toEqual({ cancelled: 100, queued: 150 });
  });

  it('that is aborted while its page is under way does nothing of it', async () => {
    await org.runs(10);
    const bulk = await org.begin({ action: 'cancel', filter: {} });
    const row = await rowOf(bulk);
    const [page] = await findBulkPage(kit.sql, row, toRunFilter(org.id, row.filter), 100);
    if (page === undefined) throw new Error('no page');
    await org.call('DELETE', `/runs/bulk/${bulk.id}`);
    await cancelBulkPage(kit.sql, row, page, { statuses: ['queued'], entryText: '[]' });
    expect(await org.statuses()).toEqual({ queued: 10 });
  });

  it('counts a page once, whoever repeats it, and does not forget the children after a crash', async () => {
    const [parent = ''] = await org.runs(1, { status: 'waiting', labels: { a: '1' } });
    await org.runs(2, { parent });
    const bulk = await org.begin({ action: 'cancel', filter: { status: 'waiting' } });
    const row = await rowOf(bulk);
    const [page] = await findBulkPage(kit.sql, row, toRunFilter(org.id, row.filter), 100);
    if (page === undefined) throw new Error('no page');
    // The worker that has done this page ends before it comes to the children.
    const how = { statuses: ['waiting'] as const, entryText: '[]' };
    expect(await cancelBulkPage(kit.sql, row, page, how)).toHaveLength(1);
    expect(await cancelBulkPage(kit.sql, row, page, how)).toHaveLength(0);
    await finish();
    expect(await org.find(bulk)).toMatchObject({ status: 'completed', processedCount: 1, succeededCount: 1 });
    expect(await org.statuses()).toEqual({ cancelled: 3 });
  });

  it('takes turns with others: a large one does not hold up a small one', async () => {
    await org.runs(450);
    await other.runs(1);
    const large = await org.begin({ action: 'cancel', filter: {} });
    const small = await other.begin({ action: 'cancel', filter: {} });
    const duty = kit.duty();
    for (let n = 0; n < 4; n += 1) await duty.tick();
    expect(await other.find(small)).toMatchObject({ status: 'completed' });
    expect((await org.find(large)).processedCount).toBeLessThanOrEqual(200);
  });
});

describe('rerun', () => {
  const rerunsOf = () => kit.sql<{ of: string; count: number; version: number }[]>`
    SELECT rerun_of AS of, count(*)::int AS count, max(version) AS version FROM workflow_runs
    WHERE trigger = 'rerun' GROUP BY rerun_of`;

  it('repeats each run once, also when a page is done again, and never what it has made itself', async () => {
    const failed = await org.runs(130, { status: 'failed' });
    await org.runs(2, { status: 'running' });
    const bulk = await org.begin({ action: 'rerun', filter: { status: ['failed', 'running'] } });
    const duty = kit.duty();
    await duty.tick();
    // The page was done, and its worker ended before it was counted.
    await kit.sql`UPDATE bulk_operations SET position = NULL, processed_count = 0, succeeded_count = 0, skipped_count = 0`;
    await finish();
    expect(await org.find(bulk)).toMatchObject({
      status: 'completed',
      from: 'start',
      processedCount: 132,
      succeededCount: 130,
      skippedCount: 2,
    });
    const reruns = await rerunsOf();
    expect(reruns.map(({ of }) => of).toSorted()).toEqual(failed.toSorted());
    expect(reruns.every(({ count }) => count === 1)).toBe(true);
    expect(await other.statuses()).toEqual({});
  });

  it('takes the version that is asked for, and skips what does not go', async () => {
    const workflowId = await org.publish([{ a: { set: { a: 1 } } }]);
    await org.call('PUT', `/workflows/${workflowId}`, {
      definition: {
        document: { dsl: '1.0.3', namespace: 'test', name: 'w', version: '2.0.0' },
        do: [{ b: { set: { b: 1 } } }],
      },
    });
    await org.call('POST', `/workflows/${workflowId}/publish`);
    const [run] = await org.runs(1, { status: 'succeeded', workflowId });
    await org.runs(2, { status: 'succeeded' });
    const bulk = await org.begin({ action: 'rerun', filter: {}, version: 2 });
    await finish();
    expect(await org.find(bulk)).toMatchObject({ version: 2, succeededCount: 1, skippedCount: 2 });
    expect(await rerunsOf()).toEqual([{ of: run, count: 1, version: 2 }]);
  });

  it('queues no more than the org may have', async () => {
    await org.runs(7, { status: 'failed' });
    await org.call('PATCH', '/limits', { maxRunsQueued: 3 });
    const bulk = await org.begin({ action: 'rerun', filter: { status: 'failed' } });
    await finish();
    expect(await org.statuses()).toEqual({ failed: 7, queued: 3 });
    expect(await org.find(bulk)).toMatchObject({ status: 'running', processedCount: 3 });
    await org.call('PATCH', '/limits', { maxRunsQueued: null });
    await finish();
    expect(await org.statuses()).toEqual({ failed: 7, queued: 7 });
  });
});
