/** Kills a run at every moment it can be killed at, and takes it up again from what was in the tree then. */
import { expect } from 'vitest';
import { newProgress } from '../../lib/engine/tree.ts';
import type { Json, Outcome, Progress } from '../../lib/engine/types.ts';
import { FakePorts, type Moment } from './engine-ports.ts';
import { run, type Setup } from './engine-run.ts';

/** What outlives a process: the row, the clock, and what the world saw. */
interface Survivor {
  moment: Moment | 'outcome';
  progress: string;
  clockMs: number;
  executed: string[];
  story: string[];
}

interface Ending {
  outcome: Outcome;
  executed: string[];
  story: string[];
  progress: Progress;
  survivors: Survivor[];
}

const begin = (): Survivor => ({
  moment: 'outcome',
  progress: JSON.stringify(newProgress()),
  clockMs: Date.UTC(2026, 0, 1),
  executed: [],
  story: [],
});

/** Runs to the end from a survivor, through timers and run-level retries, with a fresh engine each time. */
async function finishFrom(workflow: string | Json, from: Survivor, setup: Setup): Promise<Ending> {
  const ports = new FakePorts();
  ports.clockMs = from.clockMs;
  ports.monotonicStepMs = 3;
  const executed = [...from.executed];
  const survivors: Survivor[] = [];
  let progress = JSON.parse(from.progress) as Progress;
  const keep = (moment: Survivor['moment']) =>
    survivors.push({
      moment,
      progress: JSON.stringify(progress),
      clockMs: ports.clockMs,
      executed: [...executed],
      story: [...from.story, ...ports.story],
    });
  ports.onMoment = keep;
  for (let count = 0; count < 100; count += 1) {
    const { outcome } = await run(workflow, {
      ...setup,
      ports,
      executed,
      progress,
      startedAtMs: begin().clockMs,
    });
    if (outcome.kind === 'parked') ports.clockMs = Math.max(ports.clockMs, outcome.untilMs);
    else if (outcome.kind !== 'failed' || !outcome.retryable) {
      return { outcome, executed, story: [...from.story, ...ports.story], progress, survivors };
    }
    progress = JSON.parse(JSON.stringify(progress)) as Progress;
    keep('outcome');
  }
  throw new Error('still not over after 100 executions');
}

/**
 * Runs a workflow once undisturbed, then again from every moment at which the process may die. Each time the end,
 * the tree, the timeline and the side effects must be the same, and no recorded side effect runs again.
 */
export async function expectSameFromEveryMoment(workflow: string | Json, setup: Setup = {}): Promise<Ending> {
  const whole = await finishFrom(workflow, begin(), setup);
  for (const survivor of whole.survivors) {
    const resumed = await finishFrom(workflow, survivor, setup);
    const told = { moment: survivor.moment, progress: survivor.progress };
    expect({ ...told, outcome: resumed.outcome }).toEqual({ ...told, outcome: whole.outcome });
    expect({ ...told, executed: resumed.executed }).toEqual({ ...told, executed: whole.executed });
    expect({ ...told, story: resumed.story }).toEqual({ ...told, story: whole.story });
    expect({ ...told, end: resumed.progress }).toEqual({ ...told, end: whole.progress });
  }
  return whole;
}

/** Of a run with branches, which has many more moments. */
const MAX_DEATHS = 20;

/**
 * As `expectSameFromEveryMoment` for branches that run at the same time. What was under way in one of them when the
 * process died may run again, and their order is free; but the end and the set of side effects are the same.
 */
export async function expectSameEndFromEveryMoment(
  workflow: string | Json,
  setup: Setup = {},
): Promise<Ending> {
  const whole = await finishFrom(workflow, begin(), setup);
  const keys = (executed: string[]): string[] => [...new Set(executed)].sort();
  const step = Math.ceil(whole.survivors.length / MAX_DEATHS);
  for (const survivor of whole.survivors.filter((_survivor, index) => index % step === 0)) {
    const resumed = await finishFrom(workflow, survivor, setup);
    const told = { moment: survivor.moment, progress: survivor.progress };
    expect({ ...told, outcome: resumed.outcome }).toEqual({ ...told, outcome: whole.outcome });
    expect({ ...told, executed: keys(resumed.executed) }).toEqual({
      ...told,
      executed: keys(whole.executed),
    });
    expect({ ...told, end: resumed.progress.root }).toEqual({ ...told, end: whole.progress.root });
  }
  return whole;
}
