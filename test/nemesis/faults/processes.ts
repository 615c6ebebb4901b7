/** Faults of the API and worker processes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedFault } from '../plan.ts';
import type { NemesisStack } from '../stack/index.ts';
import type { Place } from '../stack/fleet.ts';

/** A pause between two of those that are stopped in turn, ms. */
const IN_TURN_MS = 300;

/** The place that the plan means. */
const placeOf = (places: readonly Place[], { target }: PlannedFault): Place => {
  const place = places[Math.floor(target * places.length)];
  if (place === undefined) throw new Error('there is no process to break');
  return place;
};

/** SIGKILL; a new process takes the place. */
export async function kill(places: readonly Place[], fault: PlannedFault): Promise<string> {
  const place = placeOf(places, fault);
  await place.kill();
  await sleep(fault.lastsMs);
  place.start();
  return place.name;
}

/** SIGSTOP, then SIGCONT: the process goes on as if no time had passed. */
export async function pause(places: readonly Place[], fault: PlannedFault): Promise<string> {
  const place = placeOf(places, fault);
  place.pause();
  await sleep(fault.lastsMs);
  place.resume();
  return place.name;
}

/** SIGTERM: it has to end with 0 within its grace. */
export async function stop(places: readonly Place[], fault: PlannedFault): Promise<string> {
  const place = placeOf(places, fault);
  await place.stop();
  await sleep(fault.lastsMs);
  place.start();
  return place.name;
}

/** SIGTERM to everything in turn, as in a rollout that also takes the services along. */
export async function stopEverything({ fleet, redis, postgres }: NemesisStack): Promise<string> {
  for (const place of [...fleet.workers, ...fleet.apis]) {
    await place.stop();
    place.start();
    await sleep(IN_TURN_MS);
  }
  await redis.kill('SIGTERM');
  await redis.restart();
  await sleep(IN_TURN_MS);
  await postgres.end();
  await postgres.restart();
  return 'all';
}
