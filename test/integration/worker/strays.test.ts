/** Runs that a row says a worker holds although it does not know of them: found soon, however much is queued. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../../lib/config.ts';
import { claimRuns } from '../../../lib/db/runs/claim.ts';
import { NEWEST_FORMAT } from '../../../lib/formats.ts';
import { openProducer, type Producer } from '../../../lib/queue/producer.ts';
import { openLog } from '../../../lib/telemetry/log.ts';
import { createAttempts } from '../../../worker/attempts.ts';
import { Heartbeat } from '../../../worker/heartbeat.ts';
import { identity, openRunRows, type RunRows } from '../../support/run-rows.ts';
import { testRedisUrl } from '../../support/stack.ts';

/** Four looks. */
const QUEUED = 70_000;
/** A search begins every fifth beat. */
const BEATS = 5 + 4;

let rows: RunRows;
let queue: Producer;

beforeAll(async () => {
  rows = await openRunRows(2, 20_000);
  queue = openProducer({ url: testRedisUrl(), queueName: randomUUID(), timeoutMs: 5000, name: 'test' });
  await rows.sql`
    INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, input)
    SELECT gen_random_uuid(), ${rows.orgId}, ${rows.workflowId}, 1, 'api', 'test', 3, '{}'
    FROM generate_series(1, ${QUEUED})`;
});
afterAll(async () => {
  await Promise.all([rows.close(), queue.close()]);
});

it('after a claim that was not answered the search goes on at every beat', async () => {
  const { sql } = rows;
  const workerId = randomUUID();
  const attempts = createAttempts();
  const env = {
    DATABASE_URL: 'postgres://not-used',
    REDIS_URL: testRedisUrl(),
    DATABASE_TIMEOUT_MS: '20000',
  };
  const heartbeat = new Heartbeat({
    config: readConfig(env),
    log: openLog('silent', 'worker'),
    emit: () => {},
    pulse: sql,
    queue,
    identity: identity(workerId),
    attempts,
  });
  const [run] = await sql<{ id: string }[]>`
    UPDATE workflow_runs SET created_at = now() + interval '1 hour'
    WHERE id = (SELECT id FROM workflow_runs LIMIT 1) RETURNING id`;
  const runId = run?.id ?? '';
  await claimRuns(sql, [{ runId, generation: 0 }], { workerId, leaseMs: 60_000, maxFormat: NEWEST_FORMAT });
  await sql`UPDATE workflow_runs SET status_since = now() - interval '1 hour' WHERE id = ${runId}`;
  const nothing = { generation: 0, lease: null, interrupt: () => {}, abortCalls: () => {} };
  attempts.remove({ ...nothing, runId });
  for (let beat = 0; beat < BEATS; beat += 1) expect(await heartbeat.tick()).toBe(true);
  expect(await sql`SELECT status, generation FROM workflow_runs WHERE id = ${runId}`).toEqual([
    { status: 'queued', generation: 1 },
  ]);
  await heartbeat.stop();
});
