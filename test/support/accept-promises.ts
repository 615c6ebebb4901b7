/** The accept contract (contract section 1) as assertions over what many requests were answered. */
import { expect } from 'vitest';
import type { Sample } from './load.ts';
import type { TestProcess } from './processes.ts';
import type { RowFacts, RunStack } from './run-stack.ts';

/** Ids of runs of which a worker began to execute something: by its log, and by the timeline. */
async function executedRuns(stack: RunStack, workers: readonly TestProcess[]): Promise<Set<string>> {
  const logged = workers
    .flatMap(({ logs }) => logs)
    .filter(({ event }) => event === 'workflow_run_started')
    .map(({ runId }) => String(runId));
  const written = await stack.sql<{ run_id: string }[]>`SELECT DISTINCT run_id FROM workflow_run_events`;
  return new Set([...logged, ...written.map((row) => row.run_id)]);
}

function byLabel(rows: readonly RowFacts[]): Map<string, RowFacts[]> {
  const found = new Map<string, RowFacts[]>();
  for (const row of rows) {
    if (row.label !== null) found.set(row.label, [...(found.get(row.label) ?? []), row]);
  }
  return found;
}

/** Answers that leave it open whether the run stands; when it does, it is executed. */
const isOpen = ({ status, code }: Sample): boolean => status === 0 || code === 'ENQUEUE_OUTCOME_UNKNOWN';

/** What is wrong with the answer to one request, given the rows that carry its label; null when it is kept. */
function broken(sample: Sample, rows: readonly RowFacts[]): string | null {
  const { status, code, runId } = sample;
  const [row] = rows;
  if (rows.length > 1) return 'it made more than one run';
  if (status === 201) {
    if (row === undefined) return 'accepted, but there is no row';
    if (row.id !== runId) return 'accepted, but the row has another id';
    return row.status === 'succeeded' ? null : `accepted, but the run is ${row.status}`;
  }
  if (isOpen(sample)) {
    if (row === undefined) return null;
    if (runId !== null && row.id !== runId) return 'unknown, and the row has another id than the answer';
    return row.status === 'succeeded' ? null : `unknown, the row stands, but the run is ${row.status}`;
  }
  return row === undefined ? null : `refused with ${code}, but there is a row (${row.status})`;
}

/**
 * Every promise of the contract, for every request: a 201 has its row and its run has succeeded; a 503
 * QUEUE_UNAVAILABLE has no row, and nothing was executed that has no row; nothing else was answered.
 * @param options.workers beside the stack's own
 * @param options.codes answers that are expected too
 * @param options.unanswered whether connections may break before the answer
 */
export async function expectPromisesKept(
  stack: RunStack,
  samples: readonly Sample[],
  options: { workers?: readonly TestProcess[]; codes?: readonly string[]; unanswered?: boolean } = {},
): Promise<void> {
  const allowed: readonly (string | null)[] = ['QUEUE_UNAVAILABLE', ...(options.codes ?? [])];
  const others = samples.filter(({ status, code }) => {
    if (status === 0) return options.unanswered !== true;
    return status !== 201 && !(status === 503 && allowed.includes(code));
  });
  expect(others.slice(0, 10)).toEqual([]);
  const rows = await stack.rows();
  const labelled = byLabel(rows);
  const failures = samples.flatMap((one) => {
    const problem = broken(one, labelled.get(one.label) ?? []);
    return problem === null ? [] : [{ problem, ...one }];
  });
  expect(failures.slice(0, 10)).toEqual([]);
  const workers = [...(stack.worker === null ? [] : [stack.worker]), ...(options.workers ?? [])];
  const standing = new Set(rows.map(({ id }) => id));
  const executed = await executedRuns(stack, workers);
  expect([...executed].filter((id) => !standing.has(id))).toEqual([]);
}
