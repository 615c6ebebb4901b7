/** Carries out a plan of faults. What one fault holds, no other one touches meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FAULTS } from './faults/index.ts';
import { TRACKS, type FaultKind, type PlannedFault } from './plan.ts';
import type { NemesisStack } from './stack/index.ts';

export interface DoneFault {
  kind: FaultKind;
  /** Date.now() */
  beganAt: number;
  endedAt: number;
  detail: string;
}

type Track = keyof typeof TRACKS;

const TRACK_NAMES: readonly Track[] = ['processes', 'redis', 'postgres'];

/** What a fault has to have for itself. */
function holdsOf(kind: FaultKind): readonly Track[] {
  if (kind === 'everything_stops') return TRACK_NAMES;
  return TRACK_NAMES.filter((name) => (TRACKS[name] as readonly FaultKind[]).includes(kind));
}

/** Runs actions one after the other where they need the same. Taking all it needs at once, none waits for another in a ring. */
function createLocks() {
  const last = new Map<Track, Promise<unknown>>();
  return <T>(names: readonly Track[], action: () => Promise<T>): Promise<T> => {
    const before = Promise.all(names.map((name) => last.get(name) ?? Promise.resolve()));
    const result = before.then(action);
    const over = result.catch(() => {});
    for (const name of names) last.set(name, over);
    return result;
  };
}

/**
 * Resolves when every fault of the plan has been done and mended.
 * @throws when the suite itself could not do one (a server that does not start again)
 */
export async function unleash(
  stack: NemesisStack,
  plan: readonly PlannedFault[],
  onFault: (fault: DoneFault) => void,
): Promise<DoneFault[]> {
  const startedAt = Date.now();
  const locked = createLocks();
  const done: DoneFault[] = [];
  const running = plan.map(async (fault) => {
    await sleep(Math.max(0, startedAt + fault.atMs - Date.now()));
    await locked(holdsOf(fault.kind), async () => {
      const beganAt = Date.now();
      const detail = await FAULTS[fault.kind](stack, fault);
      const record = { kind: fault.kind, beganAt, endedAt: Date.now(), detail };
      done.push(record);
      onFault(record);
    });
  });
  await Promise.all(running);
  return done;
}

/** Mends whatever is still broken, and waits until every process serves. */
export async function heal({ fleet, redis, postgres, toPostgres, toRedis }: NemesisStack): Promise<void> {
  for (const { proxy } of [...toPostgres, ...toRedis]) proxy.release();
  postgres.resume();
  await redis.kill('SIGCONT');
  const places = [...fleet.apis, ...fleet.workers];
  for (const place of places) place.start();
  await Promise.all(places.map((place) => place.ready()));
}
