import { randomUUID } from 'node:crypto';
import { DelayedError, type Job } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { createHolder } from '../../../worker/attempt.ts';
import { createAttempts } from '../../../worker/attempts.ts';
import type { WorkerDeps } from '../../../worker/deps.ts';
import { createProcessor } from '../../../worker/processor.ts';

/** A job for a run that this process holds: what becomes of it, without Postgres or Redis being asked. */
async function processed({
  held,
  generation,
}: {
  held: number;
  generation: number;
}): Promise<'dropped' | 'delayed'> {
  const runId = randomUUID();
  const attempts = createAttempts();
  attempts.add(createHolder({ runId, generation: held }));
  const intake = { stopping: () => false, giveUp: new AbortController().signal, confirmed: async () => {} };
  // Nothing else is touched before the run is claimed.
  const processor = createProcessor({ attempts, config: { maxFormat: 2 } } as WorkerDeps, intake);
  let delays = 0;
  const job = {
    data: { f: 1, runId, orgId: randomUUID(), generation },
    moveToDelayed: async () => void (delays += 1),
  };
  const outcome: unknown = await processor(job as unknown as Job).then(
    () => null,
    (error: unknown) => error,
  );
  expect(outcome === null || outcome instanceof DelayedError).toBe(true);
  return delays === 1 ? 'delayed' : 'dropped';
}

describe('a job for a run that this process still holds', () => {
  it('is dropped when it is a duplicate', async () => {
    expect(await processed({ held: 1, generation: 1 })).toBe('dropped');
  });

  it('comes back when the attempt that is about to let go has made it', async () => {
    expect(await processed({ held: 1, generation: 2 })).toBe('delayed');
  });
});
