/** An API and a service that records effects, for tests of the workers that they start themselves. */
import { expect } from 'vitest';
import type { RunStatus } from '../../lib/db/runs/row.ts';
import { openEffects, type EffectService } from './effects.ts';
import { expectInvariants, type InvariantSources } from './invariants.ts';
import type { LogLine, TestProcess, TestWorker } from './processes.ts';
import { openRunStack, type RunStack, type RunStackOptions } from './run-stack.ts';
import { waitUntil } from './stack.ts';

/** Short, so that tests need not wait long; calls to this machine are let through. */
const ENV = {
  WORKFLOW_LEASE_MS: '1500',
  WORKFLOW_RETRY_BACKOFF_MS: '200',
  SHUTDOWN_GRACE_MS: '1000',
  VESPID_EGRESS_ALLOW: '127.0.0.1',
};

export interface RowState {
  status: RunStatus;
  attempt_count: number;
  generation: number;
  lease: number;
  resuming: boolean;
  claimed_by: string | null;
  /** Milliseconds since the epoch, by the database's clock. */
  next_ms: number | null;
  since_ms: number;
  finished_ms: number | null;
}

export interface WorkerStack extends RunStack {
  effects: EffectService;
  /** Every process that was started, also those that have ended. */
  processes: TestProcess[];
  /** Starts a run, which has to be accepted; its id. */
  begin(workflowId: string, input?: unknown): Promise<string>;
  /** The run's row. */
  row(runId: string): Promise<RowState>;
  /** Waits until all of these runs have ended; their statuses. */
  allEnded(runIds: readonly string[], timeoutMs?: number): Promise<RunStatus[]>;
  /** Lines of every log with this event, of one run if given. */
  events(event: string, runId?: string): LogLine[];
  /** Asserts the invariants over everything that has happened. */
  expectInvariants(options?: Pick<InvariantSources, 'killed' | 'minBackoffMs'>): Promise<void>;
}

function withEffects(stack: RunStack, effects: EffectService): WorkerStack {
  const processes: TestProcess[] = [stack.api];
  const startWorker = async (env?: Record<string, string>): Promise<TestWorker> => {
    const worker = await stack.startWorker(env);
    processes.push(worker);
    return worker;
  };
  return {
    ...stack,
    effects,
    processes,
    startWorker,
    begin: async (workflowId, input) => {
      const { status, body } = await stack.org.start(workflowId, input === undefined ? undefined : { input });
      expect(status).toBe(201);
      return body.run.id;
    },
    row: async (runId) => {
      const [row] = await stack.sql<RowState[]>`
        SELECT status, attempt_count, generation, lease, resuming, claimed_by,
          (EXTRACT(EPOCH FROM next_attempt_at) * 1000)::float8 AS next_ms,
          (EXTRACT(EPOCH FROM status_since) * 1000)::float8 AS since_ms,
          (EXTRACT(EPOCH FROM finished_at) * 1000)::float8 AS finished_ms
        FROM workflow_runs WHERE id = ${runId}`;
      if (row === undefined) throw new Error(`there is no run ${runId}`);
      return row;
    },
    allEnded: async (runIds, timeoutMs = 20_000) => {
      const ended = await waitUntil(
        async () => {
          const rows = await stack.sql<{ id: string; status: RunStatus; finished: boolean }[]>`
            SELECT id, status, finished_at IS NOT NULL AS finished FROM workflow_runs WHERE id = ANY(${`{${runIds.join(',')}}`}::uuid[])`;
          const open = rows.filter(({ finished }) => !finished);
          if (open.length > 0) throw new Error(`not ended: ${JSON.stringify(open.slice(0, 5))}`);
          return new Map(rows.map(({ id, status }) => [id, status]));
        },
        { what: `${runIds.length} runs end`, timeoutMs },
      );
      return runIds.map((id) => ended.get(id) ?? 'queued');
    },
    events: (event, runId) =>
      processes
        .flatMap(({ logs }) => logs)
        .filter((line) => line.event === event && (runId === undefined || line.runId === runId)),
    expectInvariants: (options) => expectInvariants({ sql: stack.sql, processes, ...options }),
    close: async () => {
      await Promise.all([effects.close(), stack.close()]);
    },
  };
}

/** Opens the stack without a worker. */
export async function openWorkerStack(options: RunStackOptions = {}): Promise<WorkerStack> {
  const effects = await openEffects();
  try {
    return withEffects(
      await openRunStack({ ...options, env: { ...ENV, ...options.env }, withWorker: false }),
      effects,
    );
  } catch (error) {
    await effects.close();
    throw error;
  }
}

/** Gives `action` a stack of its own and closes it afterwards. */
export async function withWorkerStack(
  options: RunStackOptions,
  action: (stack: WorkerStack) => Promise<void>,
): Promise<void> {
  const stack = await openWorkerStack(options);
  try {
    await action(stack);
  } finally {
    await stack.close();
  }
}
