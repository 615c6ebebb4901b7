/** The file of one benchmark's results. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { isMet, type Line } from './goals.ts';
import type { Sizes } from './bench.ts';
import type { Rounds } from './rounds.ts';
import type { Services } from './services.ts';

export interface Results {
  date: string;
  machine: { cpus: number; model: string; memoryGb: number; kernel: string };
  /** The commit of one row when nothing else is done, ms, and what was added to each flush (`--flush-ms`). */
  disk: { commitMs: number; flushMs: number };
  versions: { node: string; postgres: string; redis: string };
  /** Short hash of the sources. */
  commit: string;
  sizes: Sizes;
  lines: (Line & { ratio: number; isMet: boolean | null })[];
  rounds: Rounds;
}

/** Six significant digits say all there is. */
const short = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(6)) : value;

/** Puts everything together that a reader of the figures must know. @param now the time of the run */
export function resultsOf(options: {
  now: Date;
  services: Pick<Services, 'versions' | 'commitMs'>;
  flushMs: number;
  commit: string;
  sizes: Sizes;
  lines: Line[];
  rounds: Rounds;
}): Results {
  const { now, services, flushMs, commit, sizes, lines, rounds } = options;
  return {
    date: now.toISOString(),
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memoryGb: Math.round(totalmem() / 1e9),
      kernel: release(),
    },
    disk: { commitMs: services.commitMs, flushMs },
    versions: { node: process.version, ...services.versions },
    commit,
    sizes,
    lines: lines.map((line) => ({ ...line, ratio: line.vespid / line.baseline, isMet: isMet(line) })),
    rounds,
  };
}

/** Writes JSON that stays small and reads well in a diff. */
export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, short, 1)}\n`);
}
