/** Created only, without a worker; then one new worker drains what was queued. */
import { postAll, type Bench } from '../bench.ts';
import { lastFinishesMs, readEnded, waitDrained, type System } from '../system.ts';

export interface DrainRound extends Record<string, number> {
  createdPerSecond: number;
  drainedPerSecond: number;
}

/** Leaves the worker running. @throws {Error} when a run did not succeed */
export async function createThenDrain(bench: Bench, system: System): Promise<DrainRound> {
  const { drain, warmUp } = bench.sizes;
  await system.stopWorkers();
  const { startedAtMs, endedAtMs } = await postAll(bench, system, 'sets', warmUp + drain);
  await system.startWorker();
  await waitDrained(system, bench.services.redis);
  const { succeeded } = await readEnded(system, startedAtMs);
  if (succeeded !== warmUp + drain) throw new Error(`${system.name}: ${succeeded} runs succeeded`);
  return {
    createdPerSecond: ((warmUp + drain) / (endedAtMs - startedAtMs)) * 1000,
    drainedPerSecond: (drain / (await lastFinishesMs(system, startedAtMs, drain))) * 1000,
  };
}
