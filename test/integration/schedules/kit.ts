/** Workflows with a schedule, and what became of them. */
import type postgres from 'postgres';
import type { ScheduleResource } from '../../../lib/db/schedules/row.ts';
import type { Problem } from '../../../lib/http/problem.ts';
import type { Answer, OrgClient } from '../../support/client.ts';
import { waitUntil } from '../../support/stack.ts';

type Json = Record<string, unknown>;
export type ScheduleAnswer = Answer<{ schedule: ScheduleResource } & Partial<Problem>>;

let count = 0;

export interface Definition {
  schedule?: Json;
  /** `document.metadata.vespid.schedule` */
  settings?: Json;
  tasks?: Json[];
  dsl?: string;
}

/** A definition as JSON; it answers with its input at once unless it has other tasks. */
export function definitionOf({ schedule, settings = {}, tasks, dsl = '1.0.3' }: Definition): Json {
  const name = `scheduled-${++count}`;
  return {
    document: {
      dsl,
      namespace: 'test',
      name,
      version: '1.0.0',
      metadata: { vespid: { schedule: settings } },
    },
    ...(schedule === undefined ? {} : { schedule }),
    do: tasks ?? [{ answer: { set: { got: '${ . }' } } }],
  };
}

export const publish = (org: OrgClient, definition: Definition): Promise<string> =>
  org.publish(JSON.stringify(definitionOf(definition)));

/** Replaces the draft and publishes it; the answer of the publish. */
export async function republish(
  org: OrgClient,
  workflowId: string,
  definition: Definition,
): Promise<Answer<{ version?: { version: number } } & Partial<Problem>>> {
  const path = `/v1/orgs/${org.orgId}/workflows/${workflowId}`;
  await org.call('PUT', path, { definition: definitionOf(definition) });
  return org.call('POST', `${path}/publish`);
}

/** The schedule of a workflow; null when it has none. */
export async function scheduleOf(org: OrgClient, workflowId: string): Promise<ScheduleResource | null> {
  const { body } = await org.call<{ items: ScheduleResource[] }>(
    'GET',
    `/v1/orgs/${org.orgId}/schedules?limit=200`,
  );
  return body.items.find((schedule) => schedule.workflowId === workflowId) ?? null;
}

export async function mustHave(org: OrgClient, workflowId: string): Promise<ScheduleResource> {
  const schedule = await scheduleOf(org, workflowId);
  if (schedule === null) throw new Error(`the workflow ${workflowId} has no schedule`);
  return schedule;
}

export const act = (
  org: OrgClient,
  scheduleId: string,
  action: 'pause' | 'resume',
): Promise<ScheduleAnswer> => org.call('POST', `/v1/orgs/${org.orgId}/schedules/${scheduleId}/${action}`);

export interface FiredRun {
  id: string;
  status: string;
  fire_key: string;
  version: number;
  trigger: string;
  requested_by: string;
  input: unknown;
  output: unknown;
  created_ms: number;
  finished_ms: number | null;
}

/** The runs of a workflow that a schedule has made, in their order. */
export const runsOf = (sql: postgres.Sql, workflowId: string): Promise<FiredRun[]> => sql<FiredRun[]>`
  SELECT id, status, fire_key, version, trigger, requested_by, input, output,
    (EXTRACT(EPOCH FROM created_at) * 1000)::float8 AS created_ms,
    (EXTRACT(EPOCH FROM finished_at) * 1000)::float8 AS finished_ms
  FROM workflow_runs WHERE workflow_id = ${workflowId} AND schedule_id IS NOT NULL ORDER BY id`;

/** Waits until the schedule of a workflow has made so many runs. */
export const fired = (sql: postgres.Sql, workflowId: string, atLeast: number): Promise<FiredRun[]> =>
  waitUntil(
    async () => {
      const runs = await runsOf(sql, workflowId);
      return runs.length >= atLeast ? runs : null;
    },
    { what: `${atLeast} scheduled runs`, timeoutMs: 20_000 },
  );

/** The fire times of runs, epoch milliseconds, ascending. */
export const fireTimes = (runs: readonly FiredRun[]): number[] =>
  runs.map(({ fire_key: key }) => Date.parse(key)).toSorted((a, b) => a - b);
