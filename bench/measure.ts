/** Timing of small pieces of work, and a table of the results. */
import { arch, cpus } from 'node:os';

/** Rounds per figure; the median of them counts. */
const ROUNDS = 9;
/** Work is repeated until a round takes so long. */
const ROUND_MS = 60;

export interface Figure {
  name: string;
  /** Median time of one piece of work, µs. */
  microseconds: number;
  /** What it should not exceed, µs. */
  targetMicroseconds?: number;
}

function roundMs(work: () => void, repeats: number): number {
  const startMs = performance.now();
  for (let index = 0; index < repeats; index += 1) work();
  return performance.now() - startMs;
}

/** The middle value; NaN for none. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

/** Times `work`, warm: the median of several rounds, in µs. */
export function measure(name: string, work: () => void, targetMicroseconds?: number): Figure {
  let repeats = 1;
  while (roundMs(work, repeats) < ROUND_MS && repeats < 1e8) repeats *= 2;
  const rounds = Array.from({ length: ROUNDS }, () => roundMs(work, repeats) / repeats);
  const figure = { name, microseconds: median(rounds) * 1000 };
  return targetMicroseconds === undefined ? figure : { ...figure, targetMicroseconds };
}

/** The machine and the version, without which the figures say nothing. */
export function machine(): string {
  const [first] = cpus();
  return `node ${process.version}, ${arch()}, ${cpus().length} × ${first?.model ?? 'unknown'}`;
}

const inUnits = (microseconds: number): string =>
  microseconds < 1000 ? `${microseconds.toFixed(2)} µs` : `${(microseconds / 1000).toFixed(2)} ms`;

/** Prints a table; a figure beyond its target is marked. */
export function print(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`);
  for (const { name, microseconds, targetMicroseconds } of figures) {
    const target =
      targetMicroseconds === undefined
        ? ''
        : `  target ${inUnits(targetMicroseconds)}${microseconds > targetMicroseconds ? '  MISSED' : ''}`;
    console.log(`  ${name.padEnd(52)} ${inUnits(microseconds).padStart(12)}${target}`);
  }
}
