/** How long a run takes at a low rate, from its POST until a reader sees that it is finished. */
import { EMPTY_BODY, RATE_PER_SECOND, type Bench } from '../bench.ts';
import type { PacedLoad, PacedResult } from '../load/paced.ts';
import { percentile } from '../statistics.ts';
import type { Job, System } from '../system.ts';

export interface LatencyRound extends Record<string, number> {
  postP50Ms: number;
  postP99Ms: number;
  finishedP50Ms: number;
  finishedP99Ms: number;
}

/** The system's workers run. */
export async function latency(bench: Bench, system: System, job: Job): Promise<LatencyRound> {
  const [target] = system.targets(job);
  if (target === undefined) throw new Error(`${system.name} has no API`);
  const command: PacedLoad = {
    kind: 'paced',
    target,
    json: EMPTY_BODY,
    ratePerSecond: RATE_PER_SECOND,
    count: bench.sizes.paced,
    databaseUrl: system.databaseUrl,
    table: system.table,
  };
  const { answeredMs, finishedMs } = await bench.load.ask<PacedResult>(command);
  return {
    postP50Ms: percentile(answeredMs, 50),
    postP99Ms: percentile(answeredMs, 99),
    finishedP50Ms: percentile(finishedMs, 50),
    finishedP99Ms: percentile(finishedMs, 99),
  };
}
