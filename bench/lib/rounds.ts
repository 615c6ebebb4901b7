/** The interleaved rounds: which scenarios run, in which order, and what each measured. */
import type { Bench } from './bench.ts';
import type { Options } from './options.ts';
import { coldStarts, type ColdStarts } from './scenarios/cold-start.ts';
import { complete, type CompleteRound } from './scenarios/complete.ts';
import { createThenDrain, type DrainRound } from './scenarios/drain.ts';
import { latency, type LatencyRound } from './scenarios/latency.ts';
import { drainNoop } from './scenarios/noop.ts';
import type { System } from './system.ts';

export interface SystemRounds {
  drain: DrainRound[];
  complete: CompleteRound[];
  latency: LatencyRound[];
  callsComplete: CompleteRound[];
  callsLatency: LatencyRound[];
}

export interface Rounds {
  baseline: SystemRounds;
  vespid: SystemRounds;
  noopPerSecond: number[];
  /** Created and completed /s of Vespid: one API and one worker, and two of each. */
  scale: { onePerSecond: number; twoPerSecond: number }[];
  /** One for each Node. */
  coldStarts: ColdStarts[];
}

const emptyRounds = (): SystemRounds => ({
  drain: [],
  complete: [],
  latency: [],
  callsComplete: [],
  callsLatency: [],
});

const figures = (values: object): string =>
  Object.entries(values as Record<string, number>)
    .map(([name, value]) => `${name} ${value < 10 ? value.toFixed(3) : value.toFixed(0)}`)
    .join(', ');

/** Runs a scenario and prints its figures. */
async function told<Round extends object>(name: string, work: Promise<Round>): Promise<Round> {
  const round = await work;
  console.log(`  ${name}: ${figures(round)}`);
  return round;
}

async function systemRound(
  bench: Bench,
  system: System,
  rounds: SystemRounds,
  { has }: Options,
): Promise<void> {
  const { name } = system;
  if (has('drain')) rounds.drain.push(await told(`${name} drain`, createThenDrain(bench, system)));
  if (system.workers.length === 0) await system.startWorker();
  if (has('complete')) {
    const { complete: count } = bench.sizes;
    rounds.complete.push(await told(`${name} complete`, complete(bench, system, 'sets', count)));
  }
  if (has('latency')) rounds.latency.push(await told(`${name} latency`, latency(bench, system, 'sets')));
  if (has('calls') && name === 'vespid') {
    const { calls: count, warmUp } = bench.sizes;
    // Another path through the worker than the one that is warm.
    await complete(bench, system, 'calls', warmUp);
    rounds.callsComplete.push(await told(`${name} calls`, complete(bench, system, 'calls', count)));
    rounds.callsLatency.push(await told(`${name} calls latency`, latency(bench, system, 'calls')));
  }
  await system.stopWorkers();
}

/** One API and one worker against two of each, in turn. */
async function scaleRounds(bench: Bench, rounds: Rounds): Promise<void> {
  const { vespid, sizes } = bench;
  for (let round = 0; round < sizes.scaleRounds; round += 1) {
    await vespid.startWorker();
    await complete(bench, vespid, 'sets', sizes.warmUp);
    const one = await complete(bench, vespid, 'sets', sizes.complete);
    await vespid.startApi();
    await vespid.startWorker();
    // Each process is as warm as those that were alone: it does half of the work now, beside older ones.
    await complete(bench, vespid, 'sets', (sizes.warmUp + sizes.complete) * 2);
    const two = await complete(bench, vespid, 'sets', sizes.complete);
    await vespid.stopApi();
    await vespid.stopWorkers();
    const figure = { onePerSecond: one.completedPerSecond, twoPerSecond: two.completedPerSecond };
    rounds.scale.push(await told('vespid scale', Promise.resolve(figure)));
  }
}

async function tellColdStarts(bench: Bench, node: string): Promise<ColdStarts> {
  const starts = await coldStarts(bench, node);
  const list = (values: readonly number[]): string => values.map((value) => value.toFixed(0)).join(' ');
  console.log(
    `  cold starts on ${starts.version}, ms: baseline ${list(starts.baselineMs)}; vespid ${list(starts.vespidMs)}`,
  );
  return starts;
}

/** Both APIs warm, before anything counts. */
async function warmUp(bench: Bench): Promise<void> {
  for (const system of [bench.baseline, bench.vespid]) {
    await system.startWorker();
    await complete(bench, system, 'sets', bench.sizes.warmUp);
    await system.stopWorkers();
  }
}

/** Runs everything that was asked for. Between rounds no worker runs, so that none idles beside the other system. */
export async function runRounds(bench: Bench, options: Options): Promise<Rounds> {
  const rounds: Rounds = {
    baseline: emptyRounds(),
    vespid: emptyRounds(),
    noopPerSecond: [],
    scale: [],
    coldStarts: [],
  };
  await warmUp(bench);
  for (let round = 1; round <= bench.sizes.rounds; round += 1) {
    console.log(`round ${round} of ${bench.sizes.rounds}`);
    if (options.has('noop')) rounds.noopPerSecond.push(await drainNoop(bench));
    await systemRound(bench, bench.baseline, rounds.baseline, options);
    await systemRound(bench, bench.vespid, rounds.vespid, options);
  }
  if (options.has('scale')) await scaleRounds(bench, rounds);
  if (options.has('cold'))
    for (const node of options.nodes) rounds.coldStarts.push(await tellColdStarts(bench, node));
  return rounds;
}
