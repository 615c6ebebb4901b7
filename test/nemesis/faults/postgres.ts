/** Faults of Postgres itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedFault } from '../plan.ts';
import type { NemesisStack } from '../stack/index.ts';

/** SIGKILL: it recovers from its log. */
export async function kill({ postgres }: NemesisStack, fault: PlannedFault): Promise<string> {
  await postgres.kill();
  await sleep(fault.lastsMs);
  await postgres.restart();
  return 'recovered';
}

export async function restart({ postgres }: NemesisStack, fault: PlannedFault): Promise<string> {
  await postgres.end();
  await sleep(fault.lastsMs);
  await postgres.restart();
  return 'fast shutdown';
}

export async function pause({ postgres }: NemesisStack, fault: PlannedFault): Promise<string> {
  postgres.pause();
  await sleep(fault.lastsMs);
  postgres.resume();
  return 'what was sent arrives late';
}
