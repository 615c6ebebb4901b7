/** A worker of the format before beside a new one (design, section 4): nothing fails, no try is lost. */
import { expect } from 'vitest';
import { callStep, gathered, workflow } from '../../support/effects.ts';
import { itSideBySide } from '../../support/side-by-side.ts';
import { waitUntil } from '../../support/stack.ts';
import { withWorkerStack, type WorkerStack } from '../../support/worker-stack.ts';

/** Reads and writes the format before, and takes no job of a newer one. */
const OF_BEFORE = { WORKFLOW_MAX_FORMAT: '1' };

/** Two branches that call, wait and call again: in the newer format each is a part of its own. */
const branching = ({ effects }: WorkerStack, milliseconds: number): string => {
  const branch = (name: string) => ({
    do: [
      callStep(effects.endpoint(`${name}-before`)),
      { nap: { wait: { milliseconds } } },
      callStep(effects.endpoint(`${name}-after`)),
    ],
  });
  return workflow(
    { both: { fork: { branches: [{ a: branch('a') }, { b: branch('b') }] } } },
    { answer: { set: { done: true } } },
  );
};

const stored = async ({ sql }: WorkerStack, runId: string) => {
  const [row] = await sql<{ format: number; tree: number | null; parts: number }[]>`
    SELECT format, (progress ->> 'format')::int AS tree,
      (SELECT count(*) FROM workflow_run_progress WHERE run_id = ${runId})::int AS parts
    FROM workflow_runs WHERE id = ${runId}`;
  return row;
};

const calledOnce = { 'a-before': 1, 'b-before': 1, 'a-after': 1, 'b-after': 1 };

async function writesForBoth(stack: WorkerStack): Promise<void> {
  const { org, effects } = stack;
  const [older, newer] = [await stack.startWorker(OF_BEFORE), await stack.startWorker()];
  const run = await stack.begin(await org.publish(branching(stack, 2500)));
  await org.reached(run, 'waiting');
  expect(await stored(stack, run)).toEqual({ format: 1, tree: 1, parts: 0 });
  await newer.stop();
  expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
  expect(effects.counts(run)).toEqual(calledOnce);
  await older.stop();
  await stack.expectInvariants();
}

async function handsBack(stack: WorkerStack): Promise<void> {
  const { org, effects } = stack;
  const newer = await stack.startWorker();
  const run = await stack.begin(await org.publish(branching(stack, 2500)));
  await org.reached(run, 'waiting');
  expect(await stored(stack, run)).toEqual({ format: 2, tree: 2, parts: 2 });
  await newer.stop();
  const older = await stack.startWorker(OF_BEFORE);
  await older.waitForLog((line) => line['problem'] === 'unknown_format', { what: 'the job is handed back' });
  expect(await stack.row(run)).toMatchObject({ status: 'waiting', attempt_count: 1, claimed_by: null });
  await stack.startWorker();
  expect(await org.ended(run)).toMatchObject({ status: 'succeeded', attemptCount: 1 });
  expect(effects.counts(run)).toEqual(calledOnce);
  expect(await stored(stack, run)).toEqual({ format: 2, tree: null, parts: 0 });
  await stack.expectInvariants();
}

async function startsElsewhere(stack: WorkerStack): Promise<void> {
  const { org } = stack;
  const older = await stack.startWorker(OF_BEFORE);
  const emitting = workflow({ tell: { emit: { event: { with: { type: 'com.example.told' } } } } }, gathered);
  const run = await stack.begin(await org.publish(emitting));
  await older.waitForLog((line) => line['problem'] === 'unknown_format', { what: 'the job is handed back' });
  expect(await stack.row(run)).toMatchObject({ status: 'queued', attempt_count: 0 });
  await stack.startWorker();
  await waitUntil(async () => (await org.get(run)).body.run.status === 'succeeded', {
    what: 'the run succeeds',
    timeoutMs: 20_000,
  });
}

itSideBySide({
  'writes what both read while both live, so that the older one can go on with it': () =>
    withWorkerStack({}, writesForBoth),
  'hands what only the newer one reads back, logged and without a try': () => withWorkerStack({}, handsBack),
  'starts a run whose definition needs the newer format on a worker that reads it': () =>
    withWorkerStack({}, startsElsewhere),
});
