/** openworkflow on Postgres: an HTTP front and a worker, each a process. */
import { overHttp } from '../load.ts';
import type { System } from '../system.ts';
import { arrayOf, inOrder } from './rows.ts';

export const openworkflow: System = {
  name: 'openworkflow',
  job: 'steps',
  packages: ['openworkflow', 'postgres', 'hono'],
  setup: 'BackendPostgres.connect (pool 10) in a Hono front and in a worker, 50 runs at once',
  latencyEnd: 'finished_at of the run',
  start: async (stage) => {
    const env = { DATABASE_URL: await stage.postgres() };
    await stage.program('openworkflow-worker.ts', env);
    const front = await stage.program('openworkflow-front.ts', env);
    const sql = stage.connect(env.DATABASE_URL);
    return overHttp({
      url: `http://127.0.0.1:${front.port}/runs`,
      // The front is ours.
      idOf: (answer) => (JSON.parse(answer) as { id: string }).id,
      unfinished: async () => {
        const [row] = await sql<{ count: number }[]>`
          SELECT count(*)::int AS count FROM openworkflow.workflow_runs
          WHERE status IN ('pending', 'running', 'sleeping')`;
        return row?.count ?? 0;
      },
      endedAt: async (ids) =>
        inOrder(
          ids,
          await sql<{ id: string; at: number }[]>`
            SELECT id, (extract(epoch FROM finished_at) * 1000)::float8 AS at FROM openworkflow.workflow_runs
            WHERE id = ANY(${arrayOf(ids)}::text[]) AND status = 'completed'`,
        ),
    });
  },
};
