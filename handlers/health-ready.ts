/** GET /health/ready: whether requests should come here. */
import { bounded } from '../lib/db/failure.ts';
import { openRoute, type RequestContext } from '../lib/http/route.ts';

/** With the margin for a connection the answer takes at most 1 s. */
const QUERY_TIMEOUT_MS = 500;

async function databaseState({ deps }: RequestContext): Promise<'up' | 'down'> {
  try {
    await bounded(deps.sql`SELECT 1`, QUERY_TIMEOUT_MS);
    return 'up';
  } catch {
    return 'down';
  }
}

/** A queue that is down leaves the process ready: reads work, and a create gets its exact answer. */
export default openRoute({
  name: 'health-ready',
  method: 'get',
  paths: ['/health/ready', '/readyz'],
  access: 'public',
  summary: 'Whether Postgres answers. The state of the queue is told, but does not count.',
  answers: {
    200: '`{ status: "ready", checks: { database, queue } }`',
    503: '`{ status: "not_ready", checks }`',
  },
  async handler(context) {
    const { c, deps, stopping } = context;
    const checks = { database: await databaseState(context), queue: deps.queue.state().kind };
    const ready = checks.database === 'up' && !stopping.aborted;
    return c.json({ status: ready ? 'ready' : 'not_ready', checks }, ready ? 200 : 503);
  },
});
