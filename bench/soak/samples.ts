/** What the processes of a long run hold, over the runs they have taken. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../lib/services.ts';
import type { System } from '../lib/system.ts';
import { slopeOf, type Slope } from './slope.ts';

/** Memory in MB (10^6 bytes). */
export interface Sample {
  /** Runs created so far. */
  runs: number;
  apiResidentMb: number;
  /** After a full collection. */
  apiHeapMb: number;
  workerResidentMb: number;
  workerHeapMb: number;
  redisMb: number;
}

const FIGURES = ['apiResidentMb', 'apiHeapMb', 'workerResidentMb', 'workerHeapMb', 'redisMb'] as const;
type Figure = (typeof FIGURES)[number];

export interface SoakFile {
  kind: 'soak';
  date: string;
  machine: string;
  versions: Record<string, string>;
  runs: number;
  ratePerSecond: number;
  /** MB for each 100,000 runs. */
  slopes: Record<Figure, Slope>;
  samples: Sample[];
}

/** A process takes a while until its code is compiled and its caches are full: so much of the samples is left out. */
const WARM_UP_SHARE = 0.2;
const PER_RUNS = 100_000;

interface Probe {
  residentBytes: number;
  heapBytes: number;
}

function readProbe(folder: string, pid: number | undefined): Probe | null {
  try {
    return JSON.parse(readFileSync(join(folder, `${pid}.json`), 'utf8')) as Probe;
  } catch {
    // Not written yet.
    return null;
  }
}

const toMb = (bytes: number): number => bytes / 1e6;

/** @param folder of the probes @returns null before the processes have told of themselves */
export async function readSample(folder: string, system: System, services: Services): Promise<Sample | null> {
  const api = readProbe(folder, system.apis[0]?.pid);
  const worker = readProbe(folder, system.workers[0]?.pid);
  if (api === null || worker === null) return null;
  const [row] = await system.sql<{ count: number }[]>`
    SELECT n_tup_ins::float8 AS count FROM pg_stat_user_tables WHERE relname = ${system.table}`;
  const memory = await services.redis.info('memory');
  return {
    runs: row?.count ?? 0,
    apiResidentMb: toMb(api.residentBytes),
    apiHeapMb: toMb(api.heapBytes),
    workerResidentMb: toMb(worker.residentBytes),
    workerHeapMb: toMb(worker.heapBytes),
    redisMb: toMb(Number(/^used_memory:(\d+)/m.exec(memory)?.[1])),
  };
}

/** Growth in MB for each 100,000 runs. @throws {Error} for too few samples */
export function slopesOf(samples: readonly Sample[]): Record<Figure, Slope> {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  const slopes = FIGURES.map((figure): [Figure, Slope] => [
    figure,
    slopeOf(warm.map((sample) => [sample.runs / PER_RUNS, sample[figure]])),
  ]);
  // One for each figure.
  return Object.fromEntries(slopes) as Record<Figure, Slope>;
}
