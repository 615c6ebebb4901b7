/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import type { Sizes } from './bench.ts';

const SCENARIOS = ['drain', 'complete', 'latency', 'calls', 'noop', 'scale', 'cold'] as const;
type Scenario = (typeof SCENARIOS)[number];

const FULL: Sizes = {
  rounds: 5,
  warmUp: 2000,
  drain: 10_000,
  complete: 6000,
  calls: 2500,
  paced: 240,
  coldStarts: 10,
  scaleRounds: 3,
};
const QUICK: Sizes = {
  rounds: 3,
  warmUp: 1000,
  drain: 3000,
  complete: 3000,
  calls: 600,
  paced: 50,
  coldStarts: 5,
  scaleRounds: 1,
};

export interface Options {
  isQuick: boolean;
  sizes: Sizes;
  /** Whether a scenario was asked for. */
  has(scenario: Scenario): boolean;
  /** Only all of them make a result worth keeping. */
  isWhole: boolean;
  /** The Nodes of the cold starts. */
  nodes: string[];
  /** Added to each flush of Postgres' log, ms. */
  flushMs: number;
}

/**
 * `--quick`: small sizes, under two minutes. `--only=drain,complete`: these scenarios alone. `--rounds=2`.
 * `--node=/path`: cold starts on that Node, too. `--flush-ms=3.5`: a disk that is so much slower.
 * @throws {Error} for an argument that is none of these
 */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      'flush-ms': { type: 'string', default: '0' },
      node: { type: 'string', multiple: true, default: [] },
    },
  });
  const only = values.only?.split(',');
  const known: readonly string[] = SCENARIOS;
  const unknown = only?.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`--only knows ${SCENARIOS.join(', ')}, not ${unknown}`);
  const sizes = { ...(values.quick ? QUICK : FULL) };
  if (values.rounds !== undefined) {
    if (!/^[1-9]\d*$/.test(values.rounds)) throw new Error('--rounds must be a whole number from 1');
    sizes.rounds = Number(values.rounds);
  }
  const flushMs = Number(values['flush-ms']);
  if (!(flushMs >= 0 && flushMs <= 100)) throw new Error('--flush-ms must be from 0 to 100');
  return {
    flushMs,
    isQuick: values.quick,
    sizes,
    has: (scenario) => only === undefined || only.includes(scenario),
    isWhole: only === undefined && !values.quick && values.rounds === undefined,
    nodes: [process.execPath, ...values.node],
  };
}
