/** One round of one system: started, warmed up, loaded, sampled, thrown away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from './cpu.ts';
import { openStage, type Stage } from './stage.ts';
import type { RunningSystem, System } from './system.ts';

const STEPS_PER_RUN = 3;
const POLL_MS = 25;
const DRAIN_TIMEOUT_MS = 120_000;
const FIRST_RUNS = 100;
const WARM_UP_SECONDS = 2;
const MIN_RUNS = 50;
const MAX_RUNS = 40_000;

export interface RoundOptions {
  inFlight: number;
  /** About how long the load lasts, s. */
  seconds: number;
  ratePerSecond: number;
  sampleSeconds: number;
}

export interface Round {
  runs: number;
  createdPerSecond: number;
  completedPerSecond: number;
  /** From asking to the recorded end at `ratePerSecond`, ms. */
  p50Ms: number;
  p99Ms: number;
  /** CPU time of the system's processes and its Postgres and Redis, µs a run; null where it cannot be known. */
  cpuMicroseconds: number | null;
  /** Written by its Postgres, bytes a run; null for a system without one. */
  walBytes: number | null;
}

/** @throws {Error} that says why the system could not be run. */
export async function playRound(system: System, options: RoundOptions, signal: AbortSignal): Promise<Round> {
  const stage = await openStage(signal);
  // What is under way fails when its system is gone.
  const stop = (): void => void stage.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const running = await system.start(stage);
    const load = (runs: number): Promise<Load> => playLoad(system, running, stage, runs, options.inFlight);
    const first = await load(FIRST_RUNS);
    const warm = await load(runsFor(first, WARM_UP_SECONDS));
    const result = await load(runsFor(warm, options.seconds));
    const latencies = await running.sample(options.ratePerSecond, options.sampleSeconds);
    const sorted = latencies.toSorted((left, right) => left - right);
    return { ...result, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
  } finally {
    signal.removeEventListener('abort', stop);
    await stage.close();
  }
}

type Load = Omit<Round, 'p50Ms' | 'p99Ms'>;

async function playLoad(
  system: System,
  running: RunningSystem,
  stage: Stage,
  runs: number,
  inFlight: number,
): Promise<Load> {
  const [cpuBefore, walBefore] = [cpuMs(stage.pids), await walBytes(stage)];
  const callsBefore = stage.target.calls();
  const startedMs = performance.now();
  await running.create(runs, inFlight);
  const createdMs = performance.now() - startedMs;
  const deadline = startedMs + DRAIN_TIMEOUT_MS;
  const check = (): void => {
    stage.lifetime.signal.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`${runs} runs had not ended in ${DRAIN_TIMEOUT_MS} ms`);
  };
  // The system is not asked before its last step was called: asking costs it throughput.
  const calls = system.job === 'steps' ? runs * STEPS_PER_RUN : 0;
  for (; stage.target.calls() - callsBefore < calls; check()) await sleep(POLL_MS);
  for (; (await running.unfinished()) > 0; check()) await sleep(POLL_MS);
  const completedMs = performance.now() - startedMs;
  const [cpuAfter, walAfter] = [cpuMs(stage.pids), await walBytes(stage)];
  return {
    runs,
    createdPerSecond: (runs / createdMs) * 1000,
    completedPerSecond: (runs / completedMs) * 1000,
    cpuMicroseconds: cpuBefore === null || cpuAfter === null ? null : ((cpuAfter - cpuBefore) * 1000) / runs,
    walBytes: walBefore === null || walAfter === null ? null : (walAfter - walBefore) / runs,
  };
}

const runsFor = ({ completedPerSecond }: Load, seconds: number): number =>
  Math.round(Math.min(MAX_RUNS, Math.max(MIN_RUNS, completedPerSecond * seconds)));

const quantile = (sorted: number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

async function walBytes({ sql }: Stage): Promise<number | null> {
  if (sql === undefined) return null;
  const [row] = await sql<{ bytes: string }[]>`SELECT pg_current_wal_lsn() - '0/0' AS bytes`;
  return Number(row?.bytes);
}
