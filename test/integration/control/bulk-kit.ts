/** The API and the duty of bulk operations in this process, page by page, on a database and a queue of their own. */
import { uuidv7 } from 'uuidv7';
import type { toBulk } from '../../../lib/db/bulk/row.ts';
import type { Sql } from '../../../lib/db/client.ts';
import type { RunStatus } from '../../../lib/db/runs/row.ts';
import { isTerminal } from '../../../lib/db/runs/row.ts';
import type { ErrorItem } from '../../../lib/errors.ts';
import { createDefinitionCache } from '../../../worker/definitions.ts';
import type { WorkerDeps } from '../../../worker/deps.ts';
import { createBulk } from '../../../worker/duties/bulk.ts';
import type { Duty } from '../../../worker/duties/duty.ts';
import { openTestApi, type Answer, type TestApi, type TestOrg } from '../../support/api.ts';

export type Bulk = ReturnType<typeof toBulk>;
type BulkAnswer = Answer<{ bulk: Bulk; code?: string; errors?: ErrorItem[]; items?: Bulk[] }>;

interface NewRow {
  status?: RunStatus;
  parent?: string;
  labels?: Record<string, string>;
  workflowId?: string;
}

export interface BulkOrg extends TestOrg {
  workflowId: string;
  /** Inserts so many runs, `queued` unless said otherwise; their ids, oldest first. */
  runs(count: number, row?: NewRow): Promise<string[]>;
  /** How many runs have each status. */
  statuses(): Promise<Record<string, number>>;
  call(method: string, path: string, json?: unknown): Promise<BulkAnswer>;
  /** Begins an operation, which has to be taken. */
  begin(json: Record<string, unknown>): Promise<Bulk>;
  /** The operation as it stands. */
  find(bulk: Bulk): Promise<Bulk>;
  publish(tasks: unknown[]): Promise<string>;
}

export interface BulkKit {
  sql: Sql;
  deps: WorkerDeps;
  createOrg(): Promise<BulkOrg>;
  /** As a worker that comes to lead has it. */
  duty(): Duty;
  close(): Promise<void>;
}

const definitionOf = (name: string, tasks: unknown[]) => ({
  document: { dsl: '1.0.3', namespace: 'test', name, version: '1.0.0' },
  do: tasks,
});

function orgWith(api: TestApi, org: TestOrg, workflowId: string): BulkOrg {
  const { sql } = api.deps;
  const call = <Body>(method: string, path: string, json?: unknown) =>
    api.request<Body>(method, `/v1/orgs/${org.id}${path}`, {
      key: org.key,
      ...(json === undefined ? {} : { json }),
    });
  return {
    ...org,
    workflowId,
    call,
    async runs(count, { status = 'queued', parent, labels = {}, workflowId: of = workflowId } = {}) {
      const ids = Array.from({ length: count }, () => uuidv7());
      await sql`
        INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status, input,
          labels, parent_run_id, parent_awaits, finished_at)
        SELECT n.id, ${org.id}::uuid, ${of}::uuid, 1, 'api', 'test', 3, ${status}, '{"n":1}',
          ${JSON.stringify(labels)}::text::jsonb, ${parent ?? null}::uuid, ${parent !== undefined},
          CASE WHEN ${isTerminal(status)} THEN now() END
        FROM unnest(${ids}::uuid[]) AS n(id)`;
      return ids;
    },
    async statuses() {
      const rows = await sql<{ status: string; count: number }[]>`
        SELECT status, count(*)::int AS count FROM workflow_runs WHERE org_id = ${org.id} GROUP BY status`;
      return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
    },
    async begin(json) {
      const answer: BulkAnswer = await call('POST', '/runs/bulk', json);
      if (answer.status !== 202) throw new Error(answer.text);
      return answer.body.bulk;
    },
    find: async ({ id }) => (await call<{ bulk: Bulk }>('GET', `/runs/bulk/${id}`)).body.bulk,
    publish: (tasks) => publish(api, org, tasks),
  };
}

async function publish(api: TestApi, org: TestOrg, tasks: unknown[]): Promise<string> {
  const at = `/v1/orgs/${org.id}/workflows`;
  const { body, text } = await api.request<{ workflow?: { id: string } }>('POST', at, {
    key: org.key,
    json: { definition: definitionOf('w', tasks) },
  });
  if (body.workflow === undefined) throw new Error(text);
  await api.request('POST', `${at}/${body.workflow.id}/publish`, { key: org.key });
  return body.workflow.id;
}

export async function openBulkKit(): Promise<BulkKit> {
  const api = await openTestApi();
  const { config, sql, queue, log } = api.deps;
  const definitions = createDefinitionCache(sql, config);
  // What the duty reads of it.
  const deps = { config, sql, queue, log, definitions, emit: () => {} } as unknown as WorkerDeps;
  return {
    sql,
    deps,
    async createOrg() {
      const org = await api.createOrg();
      return orgWith(api, org, await publish(api, org, [{ a: { set: { a: 1 } } }]));
    },
    duty: () => createBulk(deps),
    close: () => api.close(),
  };
}
