/** An API, a worker, a Redis and a database of one test file's own, with an org and a published workflow. */
import postgres from 'postgres';
import { keys } from '../../lib/queue/connection.ts';
import { createOrg, type OrgClient } from './client.ts';
import {
  ADMIN_TOKEN,
  startApi,
  startWorker,
  type ProcessEnv,
  type TestApi,
  type TestWorker,
} from './processes.ts';
import { onRedis } from './redis-faults.ts';
import { countJobs, QUEUE_NAME } from './redis-jobs.ts';
import {
  createTestDatabase,
  startTestRedis,
  waitUntil,
  type TestDatabase,
  type TestRedis,
  type TestRedisOptions,
} from './stack.ts';

export { countJobs } from './redis-jobs.ts';

/** Answers with its input; with `{ "pauseMs": … }` it waits first, which holds no slot of the worker. */
export const ECHO_WORKFLOW = `
document: { dsl: 1.0.3, namespace: test, name: echo, version: 1.0.0 }
do:
  - pause:
      if: \${ type == "object" and .pauseMs != null }
      wait: { milliseconds: 1200 }
  - answer:
      set: { echo: '\${ . }' }
`;

/** A run's row, as far as these tests look at it. */
export interface RowFacts {
  id: string;
  status: string;
  lease: number;
  accepted: boolean;
  label: string | null;
}

export interface RunStack {
  database: TestDatabase;
  redis: TestRedis;
  /** The test's own connections to the database. */
  sql: postgres.Sql;
  /** DATABASE_URL and REDIS_URL, direct, and `env`. */
  env: ProcessEnv;
  api: TestApi;
  worker: TestWorker | null;
  org: OrgClient;
  workflowId: string;
  /** Stopped with the rest. */
  startApi(env?: Record<string, string>): Promise<TestApi>;
  startWorker(env?: Record<string, string>): Promise<TestWorker>;
  /** Waits for the end of the first pass of the reconciler, which takes young runs too. */
  firstPass(): Promise<void>;
  /** Every run of the database. */
  rows(): Promise<RowFacts[]>;
  /** Makes every run an hour older: the reconciler leaves what is younger than 30 s to the API. */
  age(): Promise<void>;
  /** Waits until Redis holds no job and no run is on its way. */
  settled(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

export interface RunStackOptions {
  env?: Record<string, string>;
  redis?: TestRedisOptions;
  /** Settings of the API alone, made from the direct URLs (a proxy in between, for example). */
  apiEnv?: (urls: ProcessEnv) => Promise<Record<string, string>> | Record<string, string>;
  /** true by default. */
  withWorker?: boolean;
}

export async function openRunStack(options: RunStackOptions = {}): Promise<RunStack> {
  const database = await createTestDatabase();
  const redis = await startTestRedis(options.redis);
  const sql = postgres(database.url, { max: 4, fetch_types: false, onnotice: () => {} });
  const env: ProcessEnv = {
    // A job whose end Redis did not take is looked at again after twice that.
    WORKFLOW_LEASE_MS: '2500',
    ...options.env,
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
  };
  const started: { stop(): Promise<unknown> }[] = [];
  const own = async <T extends TestApi | TestWorker>(starting: Promise<T>): Promise<T> => {
    const process = await starting;
    started.push(process);
    return process;
  };
  const rows = (): Promise<RowFacts[]> => sql<RowFacts[]>`
    SELECT id, status, lease, accepted, labels->>'request' AS label FROM workflow_runs`;
  async function close(): Promise<void> {
    await Promise.all(started.map((process) => process.stop()));
    await sql.end({ timeout: 1 });
    await redis.stop();
    await database.drop();
  }
  const api = await own(startApi({ ...env, ...(await options.apiEnv?.(env)) }));
  const firstPass = async (): Promise<void> =>
    void (await waitUntil(
      () => onRedis(redis.url, async (client) => (await client.exists(keys(QUEUE_NAME).epoch)) === 1),
      { what: 'the first pass of the reconciler is over' },
    ));
  const worker = options.withWorker === false ? null : await own(startWorker(env));
  if (worker !== null) await firstPass();
  const org = await createOrg(api.baseUrl, ADMIN_TOKEN);
  const workflowId = await org.publish(ECHO_WORKFLOW);
  return {
    database,
    redis,
    sql,
    env,
    api,
    worker,
    org,
    workflowId,
    firstPass,
    startApi: (more = {}) => own(startApi({ ...env, ...more })),
    startWorker: (more = {}) => own(startWorker({ ...env, ...more })),
    rows,
    age: async () => void (await sql`UPDATE workflow_runs SET created_at = created_at - interval '1 hour'`),
    settled: async (timeoutMs = 20_000) => {
      const isOver = (status: string): boolean => ['succeeded', 'failed', 'cancelled'].includes(status);
      await waitUntil(
        async () => {
          const jobs = await countJobs(redis.url);
          const open = (await rows()).filter(({ status }) => !isOver(status));
          if (jobs > 0 || open.length > 0) throw new Error(JSON.stringify({ jobs, open: open.slice(0, 5) }));
          return true;
        },
        { what: 'the queue is empty and every run has ended', timeoutMs },
      );
    },
    close,
  };
}
