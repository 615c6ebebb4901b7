/** Vespid itself, as `npm start` runs it: an API, a worker, Postgres and Redis with an append-only file. */
import { join } from 'node:path';
import { bringUp } from '../../../scripts/stack/bring-up.ts';
import { readSettings } from '../../../scripts/stack/settings.ts';
import { overHttp } from '../load.ts';
import type { Stage } from '../stage.ts';
import type { RunningSystem, System } from '../system.ts';
import { arrayOf, inOrder } from './rows.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const DOCUMENT = 'document: { dsl: 1.0.3, namespace: bench, name: three, version: 1.0.0 }';

/** Three calls, each recorded before the next begins. */
const steps = (url: string): string => `${DOCUMENT}
do:
${['one', 'two', 'three'].map((name) => `  - ${name}: { call: http, with: { method: get, endpoint: '${url}' } }`).join('\n')}
`;
/** What the goals of throughput are about: three tasks in memory. */
const sets = `${DOCUMENT}
do:
  - one: { set: { x: 1 } }
  - two: { set: { x: '\${ .x + 1 }' } }
  - three: { set: { x: '\${ .x + 1 }' } }
`;

const SETUP = 'API and worker of npm start; pool 10 each, 50 runs at once; no rate limit';
const LATENCY_END = 'finished_at of the run';

export const vespid: System = {
  name: 'vespid',
  job: 'steps',
  packages: [],
  setup: SETUP,
  latencyEnd: LATENCY_END,
  start: (stage) => startVespid(stage, steps(stage.target.url)),
};

export const vespidSets: System = {
  name: 'vespid-sets',
  job: 'queue',
  packages: [],
  setup: `${SETUP}; three set tasks`,
  latencyEnd: LATENCY_END,
  start: (stage) => startVespid(stage, sets),
};

async function startVespid(stage: Stage, definition: string): Promise<RunningSystem> {
  Object.assign(process.env, { PORT: '0', VESPID_DATA_DIR: stage.dataDir, REQUESTS_PER_MINUTE: '0' });
  const { dev, client } = await bringUp(ROOT, readSettings(process.env, 0), stage.lifetime);
  stage.pids.push(...Object.values(dev.pids).filter((pid) => pid !== null));
  const workflowId = await client.publish(dev, definition);
  const sql = stage.connect(dev.databaseUrl);
  return overHttp({
    url: `${dev.baseUrl}/v1/orgs/${dev.orgId}/workflows/${workflowId}/runs`,
    headers: { authorization: `Bearer ${dev.apiKey}` },
    // What the API answers is its contract.
    idOf: (answer) => (JSON.parse(answer) as { run: { id: string } }).run.id,
    unfinished: async () => {
      const [row] = await sql<{ count: number }[]>`
        SELECT count(*)::int AS count FROM workflow_runs WHERE status IN ('queued', 'running', 'waiting')`;
      await refuseFailed(sql);
      return row?.count ?? 0;
    },
    endedAt: async (ids) => {
      const rows = await sql<{ id: string; at: number }[]>`
        SELECT id::text, (extract(epoch FROM finished_at) * 1000)::float8 AS at FROM workflow_runs
        WHERE id = ANY(${arrayOf(ids)}::uuid[]) AND status = 'succeeded'`;
      return inOrder(ids, rows);
    },
  });
}

async function refuseFailed(sql: ReturnType<Stage['connect']>): Promise<void> {
  const [failed] = await sql`SELECT error FROM workflow_runs WHERE status = 'failed' LIMIT 1`;
  if (failed !== undefined) throw new Error(`a run failed: ${JSON.stringify(failed)}`);
}
