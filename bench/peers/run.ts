/**
 * Vespid beside other systems on the same job: `npm run bench:peers -- <name ...>|all`. ROUNDS, LOAD_SECONDS and
 * SAMPLE_SECONDS change the length; README.md of this folder says what is compared.
 */
import { spawn } from 'node:child_process';
import { openLifetime } from '../../scripts/stack/lifetime.ts';
import { ensureInstalled, findNode } from './install.ts';
import { printTable, writeResults, type Outcome } from './report.ts';
import { playRound, type RoundOptions } from './rounds.ts';
import type { System } from './system.ts';
import { SYSTEMS } from './systems/all.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const OPTIONS: RoundOptions = {
  inFlight: 64,
  seconds: Number(process.env['LOAD_SECONDS'] ?? 5),
  ratePerSecond: 20,
  sampleSeconds: Number(process.env['SAMPLE_SECONDS'] ?? 10),
};
/** Run only when named: its packages take gigabytes. */
const LARGE = 'n8n';
const MAX_FAILURE_LENGTH = 1000;

/** The systems that are named, and Vespid on the same jobs. @throws {Error} for a name that is none. */
function choose(names: readonly string[]): System[] {
  const known = SYSTEMS.map(({ name }) => name);
  const unknown = names.find((name) => name !== 'all' && !known.includes(name));
  if (names.length === 0 || unknown !== undefined) {
    throw new Error(`${unknown ?? 'Nothing'} cannot be run. Name any of: all ${known.join(' ')}`);
  }
  const isNamed = ({ name }: System): boolean =>
    names.includes(name) || (names.includes('all') && !name.startsWith(LARGE));
  const jobs = new Set(SYSTEMS.filter(isNamed).map(({ job }) => job));
  return SYSTEMS.filter(
    (system) => isNamed(system) || (system.name.startsWith('vespid') && jobs.has(system.job)),
  );
}

/** Runs this program again on the Node that the systems need. @returns its exit code */
function runAgain(node: string): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // The terminal tells the child itself; a kill reaches only this process.
      process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
    }
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

const describe = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, MAX_FAILURE_LENGTH);

/** Rounds take turns, so that a change of the machine meets all alike. A signal ends them with what there is. */
async function playAll(systems: readonly System[], signal: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = systems.map((system) => ({ system, rounds: [] }));
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const outcome of outcomes) {
      if (outcome.failure !== undefined || signal.aborted) continue;
      try {
        const result = await playRound(outcome.system, OPTIONS, signal);
        outcome.rounds.push(result);
        console.log(
          `  round ${round} ${outcome.system.name}: ${result.completedPerSecond.toFixed(0)} completed/s of ${result.runs}`,
        );
      } catch (error) {
        if (signal.aborted) continue;
        outcome.failure = describe(error);
        console.log(`  round ${round} ${outcome.system.name} failed: ${outcome.failure}`);
      }
    }
  }
  return outcomes;
}

let systems: System[];
try {
  systems = choose(process.argv.slice(2));
} catch (error) {
  console.error(describe(error));
  process.exit(2);
}
await ensureInstalled('.');
const node = findNode();
if (node !== process.execPath) process.exit(await runAgain(node));
const startedAt = new Date();
const lifetime = openLifetime();
const outcomes = await playAll(systems, lifetime.signal);
printTable(outcomes);
if (outcomes.some(({ rounds }) => rounds.length > 0)) {
  console.log(`\n${writeResults(outcomes, OPTIONS, startedAt)}`);
}
await lifetime.close();
process.exit(lifetime.signal.aborted || outcomes.some(({ failure }) => failure !== undefined) ? 1 : 0);
