import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../../lib/queue/take.ts';
import { createHolder } from '../../../worker/attempt.ts';
import { createAttempts } from '../../../worker/attempts.ts';
import type { Verdict } from '../../../worker/consumer.ts';
import type { WorkerDeps } from '../../../worker/deps.ts';
import { createProcessor } from '../../../worker/processor.ts';

/** A job for a run that this process holds: what becomes of it, without Postgres being asked. */
async function processed(
  { held, generation }: { held: number; generation: number },
  job: Partial<Job> = {},
): Promise<{ verdict: Verdict; left: string[] }> {
  const runId = randomUUID();
  const attempts = createAttempts();
  attempts.add(createHolder({ runId, generation: held }));
  const intake = { stopping: () => false, giveUp: new AbortController().signal, confirmed: async () => {} };
  const left: string[] = [];
  const orgSlots = { entered: () => {}, leave: (_orgId: string, jobId: string) => void left.push(jobId) };
  // Nothing else is touched before the run is claimed.
  const deps = { attempts, orgSlots, config: { maxFormat: 2 }, log: { error: () => {} } };
  const processor = createProcessor(deps as unknown as WorkerDeps, intake);
  const data = { f: 1, runId, orgId: randomUUID(), generation };
  const verdict = await processor({ id: 'job', data, priority: 9, hasEntered: false, ...job });
  return { verdict, left };
}

describe('a job for a run that this process still holds', () => {
  it('is dropped when it is a duplicate', async () => {
    expect(await processed({ held: 1, generation: 1 })).toEqual({ verdict: 'done', left: [] });
  });

  it('comes back when the attempt that is about to let go has made it', async () => {
    const { verdict } = await processed({ held: 1, generation: 2 });
    expect(verdict).toEqual({ comeBackMs: 100 });
  });

  it('lets go of the slot with which it came, but never of the one of the attempt', async () => {
    const [later, duplicate] = await Promise.all([
      processed({ held: 1, generation: 2 }, { hasEntered: true }),
      processed({ held: 1, generation: 1 }, { hasEntered: true }),
    ]);
    expect(later).toEqual({ verdict: { comeBackMs: 100 }, left: ['job'] });
    expect(duplicate).toEqual({ verdict: 'done', left: [] });
  });
});

describe('a job that cannot be read', () => {
  it.each([
    ['of a newer format comes back', { f: 9, orgId: 'org' }, { comeBackMs: 2000 }],
    ['that is malformed is dropped', { f: 1, orgId: 'org' }, 'done'],
  ])('%s, and lets go of the slot with which it came', async (_name, data, verdict) => {
    const job = { data, hasEntered: true };
    expect(await processed({ held: 1, generation: 1 }, job)).toEqual({ verdict, left: ['job'] });
  });
});
