/** From the rounds to the lines of the table: medians, ratios and goals (issue "Fast"). */
import type { Goal, Line } from './goals.ts';
import type { Rounds, SystemRounds } from './rounds.ts';
import type { CompleteRound } from './scenarios/complete.ts';
import type { LatencyRound } from './scenarios/latency.ts';
import { median } from './statistics.ts';

/** Restate's three `ctx.run` steps, created and completed /s, as measured on the reference machine. */
const RESTATE_PER_SECOND = 518;
const MIN_SHARE_OF_NOOP = 0.4;

const ratioAtLeast = (atLeast: number): Goal => ({ kind: 'ratio', atLeast });
const ratioAtMost = (atMost: number): Goal => ({ kind: 'ratio', atMost });

/** A line of both systems' medians. */
function both(
  { baseline, vespid }: Rounds,
  name: string,
  unit: string,
  digits: number,
  read: (rounds: SystemRounds) => number[],
  goal?: Goal,
): Line {
  const line = { name, unit, digits, baseline: median(read(baseline)), vespid: median(read(vespid)) };
  return goal === undefined ? line : { ...line, goal };
}

function throughput(rounds: Rounds): Line[] {
  const drained = median(rounds.vespid.drain.map((round) => round.drainedPerSecond));
  const noop = median(rounds.noopPerSecond);
  return [
    both(rounds, 'created only', '/s', 0, (r) => r.drain.map((d) => d.createdPerSecond), ratioAtLeast(1.6)),
    both(
      rounds,
      'created and completed',
      '/s',
      0,
      (r) => r.complete.map((c) => c.completedPerSecond),
      ratioAtLeast(2.5),
    ),
    both(
      rounds,
      'drain by one worker',
      '/s',
      0,
      (r) => r.drain.map((d) => d.drainedPerSecond),
      ratioAtLeast(2.8),
    ),
    { name: "BullMQ's no-op worker", unit: '/s', digits: 0, baseline: Number.NaN, vespid: noop },
    {
      name: 'drain, part of the no-op worker',
      unit: '%',
      digits: 0,
      baseline: Number.NaN,
      vespid: (drained / noop) * 100,
      goal: { kind: 'absolute', atLeast: MIN_SHARE_OF_NOOP * 100 },
    },
  ];
}

function latencies(rounds: Rounds): Line[] {
  const at = (name: string, read: (round: LatencyRound) => number, goal?: Goal): Line =>
    both(rounds, `${name} at 20/s`, 'ms', 1, (r) => r.latency.map(read), goal);
  return [
    at('POST → 201, p50', (round) => round.postP50Ms),
    at('POST → finished, p50', (round) => round.finishedP50Ms, ratioAtMost(1.15)),
    at('POST → finished, p99', (round) => round.finishedP99Ms, ratioAtMost(1.15)),
  ];
}

function costs(rounds: Rounds): Line[] {
  const of = (
    name: string,
    unit: string,
    digits: number,
    read: (round: CompleteRound) => number,
    goal?: Goal,
  ): Line => both(rounds, `${name} a run`, unit, digits, (r) => r.complete.map(read), goal);
  return [
    of('CPU: API, worker, Redis, Postgres', 'ms', 3, (round) => round.cpuMs, ratioAtMost(0.45)),
    of('  API', 'ms', 3, (round) => round.apiCpuMs),
    of('  worker', 'ms', 3, (round) => round.workerCpuMs),
    of('  Redis', 'ms', 3, (round) => round.redisCpuMs),
    of('  Postgres', 'ms', 3, (round) => round.postgresCpuMs),
    of('  (load generator)', 'ms', 3, (round) => round.loadCpuMs),
    of('WAL', 'bytes', 0, (round) => round.walBytes, ratioAtMost(1)),
    of('Redis input', 'bytes', 0, (round) => round.redisInputBytes, ratioAtMost(1)),
    of('Redis scripts', 'calls', 2, (round) => round.redisScripts),
  ];
}

function memory(rounds: Rounds): Line[] {
  const of = (name: string, read: (round: CompleteRound) => number, atMost: number): Line =>
    both(rounds, `resident memory, ${name}`, 'MB', 0, (r) => r.complete.map(read), {
      kind: 'absolute',
      atMost,
    });
  return [of('API', (round) => round.apiMb, 130), of('worker', (round) => round.workerMb, 150)];
}

function calls({ vespid }: Rounds): Line[] {
  const of = (name: string, unit: string, digits: number, values: number[], goal?: Goal): Line => {
    const line = { name: `three HTTP steps: ${name}`, unit, digits, baseline: Number.NaN };
    return { ...line, vespid: median(values), ...(goal === undefined ? {} : { goal }) };
  };
  const { callsComplete, callsLatency } = vespid;
  return [
    of(
      'created and completed',
      '/s',
      0,
      callsComplete.map((round) => round.completedPerSecond),
      { kind: 'absolute', atLeast: 2 * RESTATE_PER_SECOND },
    ),
    of(
      'CPU a run',
      'ms',
      3,
      callsComplete.map((round) => round.cpuMs),
    ),
    of(
      'POST → finished, p50 at 20/s',
      'ms',
      1,
      callsLatency.map((round) => round.finishedP50Ms),
    ),
    of(
      'POST → finished, p99 at 20/s',
      'ms',
      1,
      callsLatency.map((round) => round.finishedP99Ms),
    ),
  ];
}

/** Node 22 and later keep what they have compiled. */
const hasCompileCache = (version: string): boolean => Number(/^v(\d+)/.exec(version)?.[1]) >= 22;

function starts({ coldStarts }: Rounds): Line[] {
  return coldStarts.flatMap(({ version, emptyMs, baselineMs, vespidMs }) => [
    {
      name: `cold start to the first 201, Node ${version}`,
      unit: 'ms',
      digits: 0,
      baseline: median(baselineMs),
      vespid: median(vespidMs),
      goal: { kind: 'absolute', atMost: hasCompileCache(version) ? 200 : 320 },
    },
    { name: '  (an empty node)', unit: 'ms', digits: 0, baseline: Number.NaN, vespid: median(emptyMs) },
  ]);
}

const scale = ({ scale: rounds }: Rounds): Line => ({
  name: 'two APIs and two workers, by one of each',
  unit: '×',
  digits: 2,
  baseline: Number.NaN,
  vespid: median(rounds.map(({ onePerSecond, twoPerSecond }) => twoPerSecond / onePerSecond)),
  goal: { kind: 'absolute', atLeast: 1 },
});

/** Lines of what was measured; those of scenarios that did not run are left out. */
export function linesOf(rounds: Rounds): Line[] {
  return [
    ...throughput(rounds),
    ...latencies(rounds),
    ...costs(rounds),
    ...memory(rounds),
    ...calls(rounds),
    ...starts(rounds),
    scale(rounds),
  ].filter(({ vespid }) => !Number.isNaN(vespid));
}
