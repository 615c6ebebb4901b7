/** Runs that a run starts (`run: workflow`), for the interpreter's port. */
import { setImmediate } from 'node:timers/promises';
import { uuidv7 } from 'uuidv7';
import { bounded } from '../lib/db/failure.ts';
import type { ClaimedRun } from '../lib/db/runs/claim.ts';
import {
  findChildProblem,
  findChildren,
  insertChild,
  MAX_RUN_DEPTH,
  type ChildProblem,
  type ChildRow,
  type NewChild,
} from '../lib/db/runs/children.ts';
import type { ChildRequest, Children, ChildState } from '../lib/engine/types.ts';
import { cancelChildren, cancelOne } from '../lib/runs/cancel.ts';
import type { WorkerDeps } from './deps.ts';
import { runtimeFault } from './faults.ts';
import { jsonTextWithin } from './json-text.ts';

type Started = Awaited<ReturnType<Children['start']>>;

/** Children that one query asks about. */
const MAX_BATCH = 100;

/** Branches of a fork ask about their children in the same turn of the loop, time and again: a query for all of them. */
function createFinder(
  { sql, config }: WorkerDeps,
  orgId: string,
): (id: string) => Promise<ChildRow | undefined> {
  let open: { ids: string[]; rows: Promise<Map<string, ChildRow>> } | null = null;

  async function ask(ids: string[]): Promise<Map<string, ChildRow>> {
    await setImmediate();
    if (open?.ids === ids) open = null;
    const rows = await bounded(findChildren(sql, orgId, ids), config.databaseTimeoutMs);
    return new Map(rows.map((row) => [row.id, row]));
  }

  return async (id) => {
    if (open === null || open.ids.length >= MAX_BATCH) {
      const ids: string[] = [];
      open = { ids, rows: ask(ids) };
    }
    open.ids.push(id);
    return (await open.rows).get(id);
  };
}

/** The children of one claimed run. What the database cannot do now rejects, as every port may. */
export function createChildren(deps: WorkerDeps, claimed: ClaimedRun): Children {
  const { sql, config } = deps;
  const orgId = claimed.org_id;
  const findRow = createFinder(deps, orgId);

  async function start(request: ChildRequest): Promise<Started> {
    const inputText = jsonTextWithin(request.input, config.maxRunStateBytes);
    if (inputText === null) {
      return { ok: false, problem: `its input is larger than ${config.maxRunStateBytes} bytes` };
    }
    const { id, namespace, name, version, awaited } = request;
    const parent = { parentRunId: claimed.id, lease: claimed.lease, orgId };
    const maxAttempts = config.retryAttempts;
    const child: NewChild = { id, ...parent, namespace, name, version, inputText, awaited, maxAttempts };
    const [row] = await bounded(insertChild(sql, child), config.databaseTimeoutMs);
    if (row === undefined) return explain(child);
    const job = {
      runId: id,
      orgId,
      generation: row.generation,
      priority: row.priority,
      delayMs: 0,
      format: row.format,
    };
    // Nobody waits for the queue: should it be away, the reconciler adds the job.
    void deps.queue.enqueue(job, config.enqueueTimeoutMs);
    return { ok: true };
  }

  async function explain(child: NewChild): Promise<Started> {
    const [problem] = await bounded(findChildProblem(sql, child), config.databaseTimeoutMs);
    if (problem?.exists === true) return { ok: true };
    return { ok: false, problem: textOf(child, problem) };
  }

  return {
    newId: uuidv7,
    start,
    async find(id): Promise<ChildState> {
      const row = await findRow(id);
      const gone = runtimeFault('the run that was started is no longer stored');
      if (row === undefined) return { kind: 'failed', error: gone };
      if (row.status === 'succeeded') return { kind: 'succeeded', output: row.output };
      if (row.status === 'failed') return { kind: 'failed', error: row.error ?? gone };
      return { kind: row.status === 'cancelled' ? 'cancelled' : 'active' };
    },
    async cancel(id) {
      await cancelOne(deps, { orgId, id }, { reason: 'the task that waited for it was cut off' });
      await cancelChildren(deps, id);
    },
  };
}

function textOf({ namespace, name, version }: NewChild, problem: ChildProblem | undefined): string {
  if (problem === undefined || !problem.held) return 'the lease of this run is lost';
  if (problem.depth >= MAX_RUN_DEPTH) return `runs start runs more than ${MAX_RUN_DEPTH} deep`;
  const wanted = version === 'latest' ? 'no version' : `no version ${JSON.stringify(version)}`;
  const why = problem.found ? 'it could not be started' : `${wanted} of it is published`;
  return `${JSON.stringify(`${namespace}/${name}`)}: ${why}`;
}
