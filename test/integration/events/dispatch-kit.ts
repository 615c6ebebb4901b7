/** A dispatcher of events in this process, and runs that wait for events, on a database and a queue of their own. */
import { randomUUID } from 'node:crypto';
import type { Sql } from '../../../lib/db/client.ts';
import type { ClaimedRun } from '../../../lib/db/runs/claim.ts';
import type { CloudEvent, Events, ListenFilter } from '../../../lib/engine/types.ts';
import { NEVER_MS } from '../../../lib/engine/unwind.ts';
import { storeEvents } from '../../../lib/events/store.ts';
import type { WorkerDeps } from '../../../worker/deps.ts';
import { createEventDispatch } from '../../../worker/duties/dispatch-events.ts';
import type { Duty } from '../../../worker/duties/duty.ts';
import { createEvents } from '../../../worker/events.ts';
import { createTurns } from '../../../worker/turns.ts';
import { openTestApi, type TestOrg } from '../../support/api.ts';

export const KEY = 'the-listener';

interface ListeningRun {
  id: string;
  /** The port of its attempt. */
  events: Events;
}

export interface DispatchKit {
  sql: Sql;
  deps: WorkerDeps;
  /** One with a workflow, so that it can have runs. */
  createOrg(): Promise<TestOrg>;
  /** A run that holds its lease. */
  run(org: TestOrg): Promise<ListeningRun>;
  /** A run that waits, without a slot, for what passes one of the filters. */
  waiting(org: TestOrg, filters: ListenFilter[]): Promise<ListeningRun>;
  /** Ids of those of the org's runs that are due, in no order. */
  woken(org: TestOrg): Promise<string[]>;
  /** Stores events; nobody is told yet. */
  send(org: TestOrg, events: CloudEvent[]): Promise<void>;
  /** A dispatcher, as a worker that comes to lead has it. */
  dispatcher(): Duty;
  /** Has every stored event dispatched. */
  dispatch(): Promise<void>;
  /** Ids of the events that were collected for the run, in order. */
  collected(run: ListeningRun, afterSeq?: number): Promise<unknown[]>;
  close(): Promise<void>;
}

export const filterOf = (type: string, correlate: ListenFilter['correlate'] = {}): ListenFilter => ({
  with: { type },
  correlate,
});

let count = 0;

export const eventOf = (type: string, data: CloudEvent[string] = null): CloudEvent => ({
  specversion: '1.0',
  id: String(++count),
  source: '/test',
  type,
  data,
});

export async function openDispatchKit(): Promise<DispatchKit> {
  const api = await openTestApi({ routes: ['create-org'] });
  const { config, sql, queue, log } = api.deps;
  // What the dispatcher and the port read of it.
  const deps = { config, sql, queue, log, emit: () => {}, turn: createTurns() } as unknown as WorkerDeps;
  const workflows = new Map<string, string>();

  async function run(org: TestOrg): Promise<ListeningRun> {
    const claimed = { id: randomUUID(), org_id: org.id, lease: 1 } as ClaimedRun;
    const workflowId = workflows.get(org.id) ?? '';
    await sql`
      INSERT INTO workflow_runs (id, org_id, workflow_id, version, trigger, requested_by, max_attempts, status, lease)
      VALUES (${claimed.id}, ${org.id}, ${workflowId}, 1, 'api', 'test', 1, 'running', 1)`;
    return { id: claimed.id, events: createEvents(deps, claimed) };
  }

  async function dispatch(): Promise<void> {
    const duty = createEventDispatch(deps);
    while (await duty.tick());
  }

  return {
    sql,
    deps,
    async createOrg() {
      const org = await api.createOrg();
      const workflowId = randomUUID();
      workflows.set(org.id, workflowId);
      await sql`INSERT INTO workflows (id, org_id, name, draft, draft_source, draft_digest, published_version)
        VALUES (${workflowId}, ${org.id}, 'test', 'null', '', '', 1)`;
      await sql`INSERT INTO workflow_versions (org_id, workflow_id, version, definition, source, digest, published_by)
        VALUES (${org.id}, ${workflowId}, 1, 'null', '', '', 'test')`;
      return org;
    },
    run,
    async waiting(org, filters) {
      const listening = await run(org);
      await listening.events.listen(KEY, filters);
      await sql`UPDATE workflow_runs SET status = 'waiting', next_attempt_at = to_timestamp(${NEVER_MS / 1000}::float8)
        WHERE id = ${listening.id}`;
      return listening;
    },
    async woken(org) {
      const rows = await sql<{ id: string }[]>`
        SELECT id FROM workflow_runs WHERE org_id = ${org.id} AND signalled AND next_attempt_at <= now()`;
      return rows.map(({ id }) => id);
    },
    async send(org, events) {
      await storeEvents(deps, events, { orgId: org.id, kind: 'received', runId: null });
    },
    dispatcher: () => createEventDispatch(deps),
    dispatch,
    async collected(listening, afterSeq = 0) {
      const rows = await listening.events.collected(KEY, afterSeq);
      return rows.map(({ event }) => event['id']);
    },
    close: () => api.close(),
  };
}
