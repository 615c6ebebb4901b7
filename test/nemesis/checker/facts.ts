/** Everything the checker judges by: the clients' journal, the tables, the effects, the logs, and what Redis holds. */
import type { RunStatus } from '../../../lib/db/runs/row.ts';
import type { Effect } from '../../support/effects.ts';
import type { LogLine } from '../../support/launch.ts';
import { onRedis } from '../../support/redis-faults.ts';
import type { Kind } from '../load/definitions.ts';
import { CHILD, kindsOfLoad } from '../load/definitions.ts';
import type { Journal } from '../load/journal.ts';
import type { World } from '../load/world.ts';
import type { DoneFault } from '../nemesis.ts';
import type { Drained } from '../drain.ts';

export interface RunFact {
  id: string;
  org_id: string;
  workflow_id: string;
  version: number;
  /** `document.name` of its workflow. */
  kind: string;
  status: RunStatus;
  trigger: string;
  label: string | null;
  lease: number;
  attempt_count: number;
  max_attempts: number;
  output: { tag?: number; label?: string; steps?: string[] } | null;
  error: { type?: string; detail?: string } | null;
  parent_run_id: string | null;
  rerun_of: string | null;
  schedule_id: string | null;
  fire_key: string | null;
  created_ms: number;
}

export interface TimelineFact {
  org_id: string;
  id: number;
  type: string;
  at: string;
  task?: string;
  name?: string;
  kind?: string;
  iteration?: number[];
  /** Of an entry about a try of the run: its number. */
  attempt?: number;
}

/** An effect, with what its body says of the request that began the run. */
export interface EffectFact extends Effect {
  /** The run id, from the idempotency key. */
  runId: string;
  label: string;
  /** Nothing of a stage begins once a later one of the run has. */
  stage: number;
}

export interface Facts {
  journal: Journal;
  runs: Map<string, RunFact>;
  /** Runs that a caller's request started, by its label. */
  byLabel: Map<string, RunFact[]>;
  timelines: Map<string, TimelineFact[]>;
  effects: Map<string, EffectFact[]>;
  /** Tags of the versions, by `<workflow> <version>`. */
  tags: Map<string, number>;
  kinds: Map<string, Kind>;
  logs: LogLine[];
  /** How many events each label's run has emitted. */
  emitted: Map<string, number>;
  redisKeys: string[];
  faults: readonly DoneFault[];
  drained: Drained;
  /** Resumptions of paused workers: a step that was on its way may still go out then. */
  resumedAt: readonly number[];
  /** Workflows and their orgs. */
  workflowOrgs: Map<string, string>;
  loadMs: number;
}

/** `label` for a run that nobody's request started. */
const keyed = <T>(items: readonly T[], keyOf: (item: T) => string | null): Map<string, T[]> => {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key === null) continue;
    const known = found.get(key);
    if (known === undefined) found.set(key, [item]);
    else known.push(item);
  }
  return found;
};

const readRuns = ({ stack: { sql } }: World) => sql<RunFact[]>`
  SELECT r.id, r.org_id, r.workflow_id, r.version, w.name AS kind, r.status, r.trigger,
    r.labels->>'request' AS label, r.lease, r.attempt_count, r.max_attempts, r.output, r.error, r.parent_run_id,
    r.rerun_of, r.schedule_id, r.fire_key, (EXTRACT(EPOCH FROM r.created_at) * 1000)::float8 AS created_ms
  FROM workflow_runs r JOIN workflows w ON w.id = r.workflow_id ORDER BY r.id`;

async function readTimelines({ stack: { sql } }: World): Promise<Map<string, TimelineFact[]>> {
  const rows = await sql<{ run_id: string; org_id: string; first: number; entries: TimelineFact[] }[]>`
    SELECT run_id, org_id, first, entries FROM workflow_run_events ORDER BY run_id, first`;
  const flat = rows.flatMap(({ run_id: runId, org_id: orgId, first, entries }) =>
    entries.map((entry, index) => ({ runId, entry: { ...entry, org_id: orgId, id: first + index } })),
  );
  return new Map(
    [...keyed(flat, ({ runId }) => runId)].map(([runId, entries]) => [
      runId,
      entries.map(({ entry }) => entry),
    ]),
  );
}

async function readTags({ stack: { sql } }: World): Promise<Map<string, number>> {
  const rows = await sql<{ key: string; source: string }[]>`
    SELECT workflow_id || ' ' || version AS key, source FROM workflow_versions`;
  return new Map(rows.map(({ key, source }) => [key, Number(/"tag":(\d+)/.exec(source)?.[1])]));
}

async function countEmitted({ stack: { sql } }: World): Promise<Map<string, number>> {
  const rows = await sql<{ label: string; count: number }[]>`
    SELECT envelope->'data'->>'label' AS label, count(*)::int AS count FROM events
    WHERE kind = 'emitted' GROUP BY 1`;
  return new Map(rows.map(({ label, count }) => [label, count]));
}

/** `<run id>` of an idempotency key: a UUID at its beginning. */
const RUN_ID_LENGTH = 36;

function toFact(effect: Effect): EffectFact {
  const body = JSON.parse(effect.body === '' ? '{}' : effect.body) as { label?: string; stage?: number };
  const runId = effect.key.slice(0, RUN_ID_LENGTH);
  return { ...effect, runId, label: body.label ?? '', stage: body.stage ?? 0 };
}

/** Reads what there is once everything has come to rest. */
export async function gatherFacts(
  world: World,
  parts: Pick<Facts, 'faults' | 'drained' | 'loadMs'>,
): Promise<Facts> {
  const { stack, journal, features } = world;
  const runs = await readRuns(world);
  const workflows = await stack.sql<{ id: string; org_id: string }[]>`SELECT id, org_id FROM workflows`;
  const started = runs.filter(({ trigger }) => trigger === 'api' || trigger === 'batch');
  const kinds = [...kindsOfLoad(true), CHILD];
  return {
    ...parts,
    journal,
    runs: new Map(runs.map((run) => [run.id, run])),
    byLabel: keyed(started, ({ label }) => label),
    timelines: await readTimelines(world),
    effects: keyed(stack.effects.effects.map(toFact), ({ runId }) => runId),
    tags: await readTags(world),
    kinds: new Map(kinds.map((kind) => [kind.name, kind])),
    logs: stack.fleet.processes.flatMap(({ logs }) => logs),
    emitted: features.events ? await countEmitted(world) : new Map(),
    redisKeys: await onRedis(stack.redis.url, (client) => client.keys('*')),
    resumedAt: stack.fleet.resumedAt,
    workflowOrgs: new Map(workflows.map(({ id, org_id: orgId }) => [id, orgId])),
  };
}
