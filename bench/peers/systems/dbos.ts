/** DBOS in its two forms: workflows enqueued for a worker, and workflows run by the process that starts them. */
import { overHttp } from '../load.ts';
import type { Stage } from '../stage.ts';
import type { RunningSystem, System } from '../system.ts';
import { arrayOf, inOrder } from './rows.ts';

const LATENCY_END = 'completed_at of the workflow';
const PACKAGES = ['@dbos-inc/dbos-sdk', 'pg', 'hono'];

export const dbos: System = {
  name: 'dbos',
  job: 'steps',
  packages: PACKAGES,
  setup:
    'DBOSClient.enqueue in a Hono front, a worker with workerConcurrency 50 and a poll of 50 ms (default 1,000); pool 10 each',
  latencyEnd: LATENCY_END,
  start: async (stage) => {
    const env = { DATABASE_URL: await stage.postgres() };
    await stage.program('dbos-worker.ts', env);
    const front = await stage.program('dbos-front.ts', env);
    return overFront(stage, front.port, env.DATABASE_URL);
  },
};

export const dbosInProcess: System = {
  name: 'dbos-in-process',
  job: 'steps',
  packages: PACKAGES,
  setup: 'DBOS.startWorkflow in the process of the Hono front, without a queue; pool 10',
  latencyEnd: LATENCY_END,
  start: async (stage) => {
    const env = { DATABASE_URL: await stage.postgres() };
    const front = await stage.program('dbos-in-process.ts', env);
    return overFront(stage, front.port, env.DATABASE_URL);
  },
};

function overFront(stage: Stage, port: number, databaseUrl: string): RunningSystem {
  const sql = stage.connect(databaseUrl);
  return overHttp({
    url: `http://127.0.0.1:${port}/runs`,
    // The front is ours.
    idOf: (answer) => (JSON.parse(answer) as { id: string }).id,
    unfinished: async () => {
      const [row] = await sql<{ count: number }[]>`
        SELECT count(*)::int AS count FROM dbos.workflow_status WHERE status IN ('PENDING', 'ENQUEUED')`;
      return row?.count ?? 0;
    },
    endedAt: async (ids) =>
      inOrder(
        ids,
        await sql<{ id: string; at: number }[]>`
          SELECT workflow_uuid AS id, completed_at::float8 AS at FROM dbos.workflow_status
          WHERE workflow_uuid = ANY(${arrayOf(ids)}::text[]) AND status = 'SUCCESS'`,
      ),
  });
}
