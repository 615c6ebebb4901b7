/** The database is lost while a run is accepted: the insert or the removal refused, not sent, or cut off. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Started } from '../../support/client.ts';
import { openRunStack, type RowFacts, type RunStack } from '../../support/run-stack.ts';
import { waitUntil } from '../../support/stack.ts';
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const DEADLINE_MS = 300;
const DATABASE_TIMEOUT_MS = 1000;
/** A statement waits for a connection and its answer so much longer at most. */
const DATABASE_MARGIN_MS = 500;
let stack: RunStack;
let redisProxy: TcpProxy;
let databaseProxy: TcpProxy;
let label = '';
let count = 0;

/** What the database does with a row is asked for by its labels `on_insert` and `on_delete`. */
const TRIGGERS = `
CREATE FUNCTION misbehave() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  labels jsonb := CASE TG_OP WHEN 'DELETE' THEN OLD.labels ELSE NEW.labels END;
  what text := labels ->> ('on_' || lower(TG_OP));
BEGIN
  IF what = 'linger' OR what = 'linger_and_fail' THEN PERFORM pg_sleep(0.7); END IF;
  IF what = 'too_long' THEN PERFORM pg_sleep(5); END IF;
  IF what = 'refuse' OR what = 'linger_and_fail' THEN
    RAISE EXCEPTION 'no space' USING ERRCODE = '53100';
  END IF;
  IF what = 'break' THEN RAISE EXCEPTION 'a bug'; END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER misbehave BEFORE INSERT OR DELETE ON workflow_runs FOR EACH ROW EXECUTE FUNCTION misbehave();`;

beforeAll(async () => {
  stack = await openRunStack({
    env: {
      WORKFLOW_ENQUEUE_TIMEOUT_MS: String(DEADLINE_MS),
      DATABASE_TIMEOUT_MS: String(DATABASE_TIMEOUT_MS),
    },
    apiEnv: async (env) => {
      redisProxy = await openTcpProxy(env.REDIS_URL);
      databaseProxy = await openTcpProxy(env.DATABASE_URL);
      return {
        REDIS_URL: redisProxy.through(env.REDIS_URL),
        DATABASE_URL: databaseProxy.through(env.DATABASE_URL),
      };
    },
  });
  await stack.sql.unsafe(TRIGGERS);
});
afterAll(async () => {
  await stack.close();
  await redisProxy.close();
  await databaseProxy.close();
});
beforeEach(async () => {
  count += 1;
  label = `request-${count}`;
  // Also puts the API key into the API's cache: the next request needs the database for the run alone.
  await waitUntil(async () => (await stack.org.start(stack.workflowId)).status === 201, {
    what: 'runs are accepted',
  });
});
afterEach(async () => {
  databaseProxy.release();
  redisProxy.cut();
  redisProxy.release();
});

type Misbehaviour = { on_insert?: string; on_delete?: string };

const start = (labels: Misbehaviour, key?: string): Promise<Answer<Started>> =>
  stack.org.start(
    stack.workflowId,
    { labels: { request: label, ...labels } },
    key === undefined ? {} : { key },
  );

const rowOfRequest = async (): Promise<RowFacts | undefined> =>
  (await stack.rows()).find((row) => row.label === label);

/** Waits until the API's statement lingers inside the database. */
const lingers = (statement: 'INSERT' | 'DELETE'): Promise<unknown> =>
  waitUntil(
    async () => {
      const rows = await stack.sql`
        SELECT 1 FROM pg_stat_activity
        WHERE application_name LIKE 'vespid-api%' AND wait_event = 'PgSleep' AND query ILIKE ${`%${statement} %workflow_runs%`}`;
      return rows.length > 0;
    },
    { what: `the ${statement} is under way` },
  );

const isOver = (statement: 'INSERT' | 'DELETE'): Promise<unknown> =>
  waitUntil(
    async () => {
      const rows = await stack.sql`
        SELECT 1 FROM pg_stat_activity
        WHERE application_name LIKE 'vespid-api%' AND state = 'active' AND query ILIKE ${`%${statement} %workflow_runs%`}`;
      return rows.length === 0;
    },
    { what: `the ${statement} is over` },
  );

async function expectUnknown(answer: Answer<Started>): Promise<string> {
  expect(answer).toMatchObject({ status: 503, code: 'ENQUEUE_OUTCOME_UNKNOWN' });
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  const runId = String(answer.body['runId']);
  const line = await stack.api.waitForLog((logged) => logged.runId === runId, {
    what: 'the answer is logged',
  });
  expect(line.event).toBe('enqueue_outcome_unknown');
  return runId;
}

/** The row stands; made old enough for the reconciler, it is executed, and nobody deletes it. */
async function expectExecuted(runId: string): Promise<void> {
  await waitUntil(async () => (await rowOfRequest())?.id === runId, { what: 'the row stands' });
  await stack.age();
  expect(await stack.org.ended(runId)).toMatchObject({ status: 'succeeded' });
}

async function expectNothing(answer: Answer<Started>): Promise<void> {
  expect(answer).toMatchObject({ status: 503, code: 'DATABASE_UNAVAILABLE' });
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.body['runId']).toBeUndefined();
  await isOver('INSERT');
  expect(await rowOfRequest()).toBeUndefined();
}

describe('the removal is cut off: 503 ENQUEUE_OUTCOME_UNKNOWN with the run id', () => {
  it('and takes effect after all: no row, no run', async () => {
    redisProxy.hold('both');
    const answering = start({ on_delete: 'linger' });
    await lingers('DELETE');
    databaseProxy.cut();
    const runId = await expectUnknown(await answering);
    await waitUntil(async () => (await rowOfRequest()) === undefined, { what: 'the row is gone' });
    expect((await stack.org.get(runId)).status).toBe(404);
    redisProxy.release();
    await stack.worker?.waitForLog((line) => line.event === 'workflow_run_orphaned' && line.runId === runId, {
      what: 'the orphan is logged',
    });
    expect(await stack.sql`SELECT 1 FROM workflow_run_events WHERE run_id = ${runId}`).toHaveLength(0);
  });

  it('and fails: the row stands, nobody deletes it, and the run is executed', async () => {
    redisProxy.hold('both');
    const answering = start({ on_delete: 'linger_and_fail' });
    await lingers('DELETE');
    databaseProxy.cut();
    const runId = await expectUnknown(await answering);
    redisProxy.cut();
    await isOver('DELETE');
    await expectExecuted(runId);
    expect(stack.worker?.logs.find((line) => line.runId === runId)?.event).toBe('workflow_run_requeued');
  });

  it('and is never answered, with the connection open', async () => {
    redisProxy.hold('both');
    const answering = start({ on_delete: 'linger' });
    await lingers('DELETE');
    databaseProxy.hold('both');
    const answer = await answering;
    await expectUnknown(answer);
    expect(answer.latencyMs).toBeLessThan(DEADLINE_MS + DATABASE_TIMEOUT_MS + DATABASE_MARGIN_MS + 300);
  });

  it('and the same key makes sure of it', async () => {
    redisProxy.hold('both');
    const answering = start({ on_delete: 'linger_and_fail' }, label);
    await lingers('DELETE');
    databaseProxy.cut();
    const runId = await expectUnknown(await answering);
    redisProxy.cut();
    redisProxy.release();
    const replay = await waitUntil(
      async () => {
        const answer = await start({ on_delete: 'linger_and_fail' }, label);
        return answer.status === 201 ? answer : null;
      },
      { what: 'the replay is accepted' },
    );
    expect(replay.body.run.id).toBe(runId);
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    expect(await stack.org.ended(runId)).toMatchObject({ status: 'succeeded' });
  });

  it.each(['too_long', 'refuse', 'break'])(
    'or fails in the database (%s): the row stands and is executed',
    async (how) => {
      redisProxy.hold('both');
      const answer = await start({ on_delete: how });
      redisProxy.cut();
      await expectExecuted(await expectUnknown(answer));
    },
  );
});

describe('the insert is cut off: 503 ENQUEUE_OUTCOME_UNKNOWN with the run id', () => {
  it('and takes effect: the run is executed', async () => {
    const answering = start({ on_insert: 'linger' });
    await lingers('INSERT');
    databaseProxy.cut();
    await expectExecuted(await expectUnknown(await answering));
  });

  it('and fails: no row', async () => {
    const answering = start({ on_insert: 'linger_and_fail' });
    await lingers('INSERT');
    databaseProxy.cut();
    await expectUnknown(await answering);
    await isOver('INSERT');
    expect(await rowOfRequest()).toBeUndefined();
  });

  it('and is never answered, with the connection open', async () => {
    databaseProxy.hold('answers');
    const answer = await start({});
    const runId = await expectUnknown(answer);
    expect(answer.latencyMs).toBeLessThan(DATABASE_TIMEOUT_MS + DATABASE_MARGIN_MS + 300);
    databaseProxy.cut();
    databaseProxy.release();
    await expectExecuted(runId);
  });
});

describe('the insert is not done: 503 DATABASE_UNAVAILABLE, and nothing was created', () => {
  it.each(['refuse', 'too_long'])('because the database refuses it (%s)', async (how) => {
    await expectNothing(await start({ on_insert: how }));
  });

  it('because nobody takes the connection; and runs are accepted again once somebody does', async () => {
    // Every connection of the API is gone before the requests: the pool has more than it can lose.
    await databaseProxy.refuse();
    await waitUntil(async () => (await stack.org.list()).status === 503, { what: 'the database is away' });
    const answers: Answer<Started>[] = [];
    for (let index = 0; index < 30; index += 1) answers.push(await start({}));
    await databaseProxy.listen();
    for (const answer of answers) await expectNothing(answer);
    await waitUntil(async () => (await start({})).status === 201, {
      what: 'runs are accepted',
      timeoutMs: 5000,
    });
  });
});
