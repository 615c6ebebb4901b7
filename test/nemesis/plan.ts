/** The schedule of faults: a pure function of the seed. */
import { createRandom, type Random } from './random.ts';

/** What is broken, by what it is done to; faults of one track follow each other, those of different ones overlap. */
export const TRACKS = {
  processes: [
    'worker_kill',
    'worker_pause',
    'worker_stop',
    'api_kill',
    'api_pause',
    'api_stop',
    'everything_stops',
  ],
  redis: [
    'redis_kill',
    'redis_restart',
    'redis_pause',
    'redis_loses_second',
    'redis_flush',
    'redis_full',
    'redis_cut',
    'redis_silent',
  ],
  postgres: ['postgres_kill', 'postgres_restart', 'postgres_pause', 'postgres_cut', 'postgres_silent'],
} as const;

export type FaultKind = (typeof TRACKS)[keyof typeof TRACKS][number];

export const FAULT_KINDS: readonly FaultKind[] = Object.values(TRACKS).flat();

export interface PlannedFault {
  kind: FaultKind;
  /** From the beginning of the load, ms. */
  atMs: number;
  /** Until what was broken is mended, ms; what takes time of its own (a start, a stop) comes on top. */
  lastsMs: number;
  /** 0 ≤ x < 1: which process or which connections. */
  target: number;
}

export interface PlanOptions {
  seed: number;
  /** How long the load lasts, ms. */
  lengthMs: number;
  /** How often each fault comes. */
  rounds: number;
  /** WORKFLOW_LEASE_MS: a paused worker is away for longer. */
  leaseMs: number;
  /** All by default. */
  kinds?: readonly FaultKind[];
}

type Range = readonly [number, number];

/** How long a fault lasts, ms. */
function lengthOf(kind: FaultKind, leaseMs: number): Range {
  switch (kind) {
    case 'worker_pause':
      // It comes back while others are at its runs.
      return [leaseMs + 400, leaseMs + 1800];
    case 'api_pause':
    case 'redis_pause':
      return [1000, 5000];
    case 'postgres_pause':
    case 'postgres_silent':
    case 'redis_silent':
    case 'redis_full':
      return [1500, 4000];
    case 'redis_kill':
      return [500, 3000];
    case 'worker_kill':
    case 'worker_stop':
    case 'api_kill':
    case 'api_stop':
    case 'postgres_kill':
      return [300, 2000];
    case 'redis_restart':
    case 'redis_loses_second':
    case 'postgres_restart':
      return [100, 800];
    case 'redis_flush':
    case 'redis_cut':
    case 'postgres_cut':
    case 'everything_stops':
      return [0, 0];
  }
}

/** What a fault takes beside its length, ms: so much lies at least between two of one track. */
const overheadOf = (kind: FaultKind): number => (kind === 'everything_stops' ? 8000 : 1500);

function planTrack(kinds: readonly FaultKind[], options: PlanOptions, random: Random): PlannedFault[] {
  const order = Array.from({ length: options.rounds }, () => random.shuffled(kinds)).flat();
  const faults = order.map((kind) => ({
    kind,
    lastsMs: random.between(...lengthOf(kind, options.leaseMs)),
    target: random.next(),
    gap: 0.3 + random.next(),
  }));
  const busyMs = faults.reduce((sum, { kind, lastsMs }) => sum + lastsMs + overheadOf(kind), 0);
  const freeMs = options.lengthMs - busyMs;
  if (freeMs < 0) throw new RangeError(`${options.rounds} rounds of faults take ${busyMs} ms`);
  const gaps = faults.reduce((sum, { gap }) => sum + gap, 0);
  let clockMs = 0;
  return faults.map(({ kind, lastsMs, target, gap }) => {
    const atMs = Math.round(clockMs + (gap / gaps) * freeMs);
    clockMs = atMs + lastsMs + overheadOf(kind);
    return { kind, atMs, lastsMs, target };
  });
}

/**
 * Every fault `rounds` times, in an order, with lengths and at times that the seed decides.
 * @returns by their time
 * @throws {RangeError} when they do not fit into `lengthMs`
 */
export function planFaults(options: PlanOptions): PlannedFault[] {
  const random = createRandom(options.seed);
  const wanted = (kinds: readonly FaultKind[]): FaultKind[] =>
    kinds.filter((kind) => options.kinds?.includes(kind) ?? true);
  return Object.entries(TRACKS)
    .flatMap(([name, kinds]) => planTrack(wanted(kinds), options, random.branch(name)))
    .sort((left, right) => left.atMs - right.atMs || left.kind.localeCompare(right.kind));
}
