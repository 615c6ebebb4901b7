/** The statement that fires a schedule: once for a fire time, whoever tries, and never against what has changed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fireSchedule, type Fire } from '../../../lib/db/schedules/fire.ts';
import { scheduleColumns, type ScheduleRow } from '../../../lib/db/schedules/row.ts';
import type { CancelDeps } from '../../../lib/runs/cancel.ts';
import { fireOnce } from '../../../lib/schedules/fire.ts';
import { openRunRows, type RunRows } from '../../support/run-rows.ts';

let rows: RunRows;

beforeAll(async () => {
  rows = await openRunRows(8);
});
afterAll(() => rows.close());

const FIRE_AT = '2026-01-01T00:00:00.000Z';
const NEXT = '2026-01-01T00:01:00.000Z';

/** A schedule whose fire time is over, in place of the one before. */
async function due(overlap = 'allow'): Promise<ScheduleRow> {
  const { sql, orgId, workflowId } = rows;
  await sql`DELETE FROM schedules`;
  const [row] = await sql<ScheduleRow[]>`
    INSERT INTO schedules AS s (id, org_id, workflow_id, version, kind, spec, overlap, next_fire_at)
    VALUES (${randomUUID()}, ${orgId}, ${workflowId}, 1, 'every', '{}', ${overlap}, ${FIRE_AT})
    RETURNING ${scheduleColumns(sql)}`;
  if (row === undefined) throw new Error('no schedule was inserted');
  return row;
}

const fireOf = (row: ScheduleRow, more: Partial<Fire> = {}): Fire => ({
  row,
  runId: randomUUID(),
  trigger: 'schedule',
  fireKey: FIRE_AT,
  inputText: 'null',
  fireAt: FIRE_AT,
  next: NEXT,
  skipped: 0,
  maxAttempts: 3,
  usedEventIds: [],
  ...more,
});

const fire = async (fired: Fire): Promise<string[]> =>
  (await fireSchedule(rows.sql, fired)).map(({ id }) => id);

async function state(id: string): Promise<{ last: string | null; next: string | null; skipped: number }> {
  const [row] = await rows.sql<{ last: string | null; next: string | null; skipped: number }[]>`
    SELECT last_run_id AS last, skipped_count::int AS skipped,
      to_char(next_fire_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS next
    FROM schedules WHERE id = ${id}`;
  if (row === undefined) throw new Error('the schedule is gone');
  return row;
}

describe('a fire time', () => {
  it('makes one run, however many workers try at once', async () => {
    const row = await due();
    const runs = (
      await Promise.all(Array.from({ length: 8 }, () => fire(fireOf(row, { skipped: 1 }))))
    ).flat();
    expect(runs).toHaveLength(1);
    // Nor does more than one of them count.
    expect(await state(row.id)).toEqual({ last: runs[0], next: NEXT, skipped: 1 });
    const made = await rows.sql`SELECT id FROM workflow_runs WHERE schedule_id = ${row.id}`;
    expect(made.map(({ id }) => String(id))).toEqual(runs);
  });

  it('that comes again makes no second run, and the schedule goes on', async () => {
    const row = await due();
    const [first] = await fire(fireOf(row));
    await rows.sql`UPDATE schedules SET next_fire_at = ${FIRE_AT} WHERE id = ${row.id}`;
    expect(await fire(fireOf(row))).toEqual([]);
    expect(await state(row.id)).toEqual({ last: first, next: NEXT, skipped: 0 });
  });

  it('of a schedule that was paused, changed, or whose workflow was archived makes none', async () => {
    const { sql, workflowId } = rows;
    const changes = [
      sql`UPDATE schedules SET paused_at = now()`,
      sql`UPDATE schedules SET updated_at = updated_at + interval '1 second'`,
      sql`UPDATE workflows SET archived_at = now() WHERE id = ${workflowId}`,
    ];
    for (const change of changes) {
      const row = await due();
      await change;
      expect(await fire(fireOf(row))).toEqual([]);
      expect(await state(row.id)).toMatchObject({ last: null });
    }
    await sql`UPDATE workflows SET archived_at = NULL WHERE id = ${workflowId}`;
    expect(await fire(fireOf(await due()))).toHaveLength(1);
  });

  it('is counted, and makes none, while the org has as many queued runs as it may have', async () => {
    const { sql, orgId } = rows;
    await sql`DELETE FROM workflow_runs`;
    await sql`INSERT INTO org_limits (org_id, max_runs_queued) VALUES (${orgId}, 2)`;
    const fires = ['1', '2', '3'].map((fireKey) => ({ fireKey }));
    const counts: number[] = [];
    for (const more of fires) counts.push((await fire(fireOf(await due(), more))).length);
    expect(counts).toEqual([1, 1, 0]);
    await sql`UPDATE org_limits SET max_runs_queued = NULL`;
    const row = await due('skip');
    const [run = ''] = await fire(fireOf(row));
    await sql`UPDATE schedules SET next_fire_at = ${FIRE_AT} WHERE id = ${row.id}`;
    // `skip`: the run before has not ended.
    const again = { ...row, last_run_id: run };
    expect(await fire(fireOf(again, { fireKey: 'again' }))).toEqual([]);
    expect(await state(row.id)).toEqual({ last: run, next: NEXT, skipped: 1 });
  });

  it('that comes again after it was counted or has its run does not count as skipped', async () => {
    const row = await due('skip');
    const [run = ''] = await fire(fireOf(row, { next: FIRE_AT }));
    expect(await fire(fireOf({ ...row, last_run_id: run }))).toEqual([]);
    expect(await state(row.id)).toMatchObject({ last: run, skipped: 0 });
  });

  it('uses an event once, whatever else another dispatcher has collected with it, also at the same moment', async () => {
    const { sql, orgId } = rows;
    const row = { ...(await due()), next_fire_at: null };
    await sql`UPDATE schedules SET next_fire_at = NULL`;
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const id of ids) {
      await sql`INSERT INTO events (id, org_id, kind, type, source, identity, envelope)
        VALUES (${id}, ${orgId}, 'received', 't', 's', ${id}, '{}')`;
      await sql`INSERT INTO event_inbox (owner_id, key, event_id) VALUES (${row.id}, 'on::0', ${id})`;
    }
    const more = { trigger: 'event', fireAt: null, next: null } as const;
    const made = await Promise.all([
      fire(fireOf(row, { ...more, fireKey: 'events:a', usedEventIds: ids.slice(0, 2) })),
      fire(fireOf(row, { ...more, fireKey: 'events:b', usedEventIds: ids })),
    ]);
    expect(made.flat()).toHaveLength(1);
    const left = await sql`SELECT 1 FROM event_inbox WHERE owner_id = ${row.id} AND key <> 'used'`;
    expect(left).toHaveLength(made[0].length === 1 ? 1 : 0);
  });
});

describe('overlap `cancel`', () => {
  const deps = () =>
    // What a fire needs of it.
    ({
      sql: rows.sql,
      config: { databaseTimeoutMs: 2000, queueName: 'q' },
      queue: { discard() {}, redis: { publish: () => Promise.resolve(0) } },
      emit() {},
    }) as unknown as CancelDeps;
  const statusOf = async (id: string): Promise<unknown> =>
    (await rows.sql`SELECT status FROM workflow_runs WHERE id = ${id}`)[0]?.['status'];

  it('cancels the run before only for a run that is made', async () => {
    const { sql, orgId } = rows;
    await sql`DELETE FROM workflow_runs`;
    const row = await due('cancel');
    const [before = ''] = await fire(fireOf(row, { next: FIRE_AT }));
    const next = fireOf({ ...row, last_run_id: before }, { fireKey: 'next' });
    await sql`UPDATE schedules SET paused_at = now()`;
    expect(await fireOnce(deps(), next)).toBeNull();
    await sql`UPDATE schedules SET paused_at = NULL`;
    await sql`UPDATE org_limits SET max_runs_queued = 1`;
    await sql`INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts)
      SELECT ${randomUUID()}, org_id, workflow_id, version, trigger, requested_by, 1 FROM workflow_runs`;
    expect(await fireOnce(deps(), { ...next, next: FIRE_AT })).toBeNull();
    expect(await statusOf(before)).toBe('queued');
    await sql`DELETE FROM workflow_runs WHERE id <> ${before}`;
    // The run that is cancelled makes room for its successor.
    const run = await fireOnce(deps(), { ...next, row: { ...next.row }, fireKey: 'again' });
    expect(run?.org_id).toBe(orgId);
    expect(await statusOf(before)).toBe('cancelled');
    await sql`UPDATE org_limits SET max_runs_queued = NULL`;
  });
});
