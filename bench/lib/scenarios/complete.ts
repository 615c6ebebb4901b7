/** Created and completed while the worker runs, and what each run cost. */
import { perRun, residentMb } from '../accounting.ts';
import { accountsOf, postAll, type Bench } from '../bench.ts';
import { readEnded, waitDrained, type Job, type System } from '../system.ts';

const MEMORY_LOOK_MS = 200;

export interface CompleteRound extends Record<string, number> {
  completedPerSecond: number;
  /** Of the same load, while the worker works. */
  createdPerSecond: number;
  /** CPU of all but the load generator, ms a run. */
  cpuMs: number;
  apiCpuMs: number;
  workerCpuMs: number;
  redisCpuMs: number;
  postgresCpuMs: number;
  loadCpuMs: number;
  walBytes: number;
  redisInputBytes: number;
  redisScripts: number;
  /** The most that was seen. */
  apiMb: number;
  workerMb: number;
}

/** Looks at the memory of processes until it is stopped. @returns the most of each kind, MB */
function watchMemory(system: System): () => { apiMb: number; workerMb: number } {
  const most = { apiMb: 0, workerMb: 0 };
  const look = (): void => {
    for (const { pid } of system.apis) most.apiMb = Math.max(most.apiMb, residentMb(pid));
    for (const { pid } of system.workers) most.workerMb = Math.max(most.workerMb, residentMb(pid));
  };
  const timer = setInterval(look, MEMORY_LOOK_MS);
  return () => {
    clearInterval(timer);
    look();
    return most;
  };
}

/** The system's workers run. @throws {Error} when a run did not succeed */
export async function complete(
  bench: Bench,
  system: System,
  job: Job,
  count: number,
): Promise<CompleteRound> {
  const memory = watchMemory(system);
  const before = await accountsOf(bench, system);
  const { startedAtMs, endedAtMs } = await postAll(bench, system, job, count);
  await waitDrained(system, bench.services.redis);
  const { loadCpuMs, walBytes, redisInputBytes, redisScripts, ...cpu } = perRun(
    before,
    await accountsOf(bench, system),
    count,
  );
  const { apiMb, workerMb } = memory();
  const { succeeded, lastFinishedMs } = await readEnded(system, startedAtMs);
  if (succeeded !== count) throw new Error(`${system.name}: ${succeeded} of ${count} runs succeeded`);
  return {
    completedPerSecond: (count / (lastFinishedMs - startedAtMs)) * 1000,
    createdPerSecond: (count / (endedAtMs - startedAtMs)) * 1000,
    cpuMs: Object.values(cpu).reduce((total, value) => total + value, 0),
    ...cpu,
    loadCpuMs,
    walBytes,
    redisInputBytes,
    redisScripts,
    apiMb,
    workerMb,
  };
}
