/** One run of the fault suite: a load, a plan of faults, the end of all runs, and the judgement. */
import { setTimeout as sleep } from 'node:timers/promises';
import { gatherFacts, type Facts } from './checker/facts.ts';
import { judge, type Verdict } from './checker/index.ts';
import { drain } from './drain.ts';
import { createJournal } from './load/journal.ts';
import { startSessions } from './load/sessions.ts';
import { openWorld, type Features, type World } from './load/world.ts';
import { heal, unleash, type DoneFault } from './nemesis.ts';
import { planFaults, type FaultKind, type PlannedFault } from './plan.ts';
import { LEASE_MS, openStack } from './stack/index.ts';

/** Load before the first fault and after the last. */
const CALM_MS = 1500;

export interface SuiteOptions {
  seed: number;
  /** How long faults are done, ms. */
  lengthMs: number;
  /** How often each fault comes. */
  rounds: number;
  kinds?: readonly FaultKind[];
  callers: number;
  /** Between two things of one caller, ms on average. */
  pauseMs: number;
  /** Runs that have not ended so long after the load count as lost, ms. */
  drainMs: number;
  /** The load goes on after the last fault until so many runs were accepted, at most for `extendMs`. */
  minAccepted: number;
  extendMs: number;
  say(line: string): void;
}

export interface SuiteResult {
  verdicts: Verdict[];
  facts: Facts;
  faults: DoneFault[];
  features: Features;
  drainedMs: number;
}

const tell = ({ kind, detail, beganAt, endedAt }: DoneFault): string =>
  `${kind.padEnd(18)} ${((endedAt - beganAt) / 1000).toFixed(1)} s (${detail})`;

/** The plan as it is printed: what a seed stands for. */
export const planText = (plan: readonly PlannedFault[]): string =>
  plan
    .map(({ atMs, kind, lastsMs }) => `  ${(atMs / 1000).toFixed(1).padStart(6)} s  ${kind} ${lastsMs} ms`)
    .join('\n');

const countAccepted = ({ journal }: World): number =>
  new Set(journal.starts.filter(({ status }) => status === 201).map(({ runId }) => runId)).size;

async function loadThroughFaults(
  world: World,
  plan: readonly PlannedFault[],
  options: SuiteOptions,
): Promise<DoneFault[]> {
  const { say } = options;
  const beganAt = Date.now();
  const sessions = startSessions(world, {
    count: options.callers,
    pauseMs: options.pauseMs,
    seed: options.seed,
  });
  try {
    await sleep(CALM_MS);
    const faults = await unleash(world.stack, plan, (fault) => {
      say(`  ${((Date.now() - beganAt) / 1000).toFixed(1).padStart(6)} s  ${tell(fault)}`);
    });
    await heal(world.stack);
    await sleep(CALM_MS);
    const until = Date.now() + options.extendMs;
    while (countAccepted(world) < options.minAccepted && Date.now() < until) await sleep(500);
    return faults;
  } finally {
    await sessions.stop();
  }
}

/** Runs the suite. @throws when the suite itself cannot work (a service that does not start, for example) */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const { seed, say, lengthMs, rounds, kinds } = options;
  const plan = planFaults({
    seed,
    lengthMs,
    rounds,
    leaseMs: LEASE_MS,
    ...(kinds === undefined ? {} : { kinds }),
  });
  const stack = await openStack({ apis: 2, workers: 3 });
  try {
    const world = await openWorld(stack, createJournal(), seed);
    say(`seed ${seed}: ${plan.length} faults`);
    const beganAt = Date.now();
    const faults = await loadThroughFaults(world, plan, options);
    const loadMs = Date.now() - beganAt;
    const accepted = countAccepted(world);
    say(`${accepted} runs accepted in ${(loadMs / 1000).toFixed(1)} s; waiting for their end`);
    const drained = await drain(world, seed, options.drainMs);
    say(`${drained.open.length} open after ${(drained.tookMs / 1000).toFixed(1)} s`);
    const facts = await gatherFacts(world, { faults, drained, loadMs });
    return {
      verdicts: await judge(world, facts),
      facts,
      faults,
      features: world.features,
      drainedMs: drained.tookMs,
    };
  } finally {
    await stack.close();
  }
}
