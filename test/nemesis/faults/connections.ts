/** Faults of the network between the processes and a service. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlannedFault } from '../plan.ts';
import type { Link } from '../stack/index.ts';

const tell = (links: readonly Link[]): string => links.map(({ role }) => `${role}s`).join(' and ');

/** Those of the API, of the workers, or all; and, from the same number, which of two ways. */
function choose(links: readonly Link[], { target }: PlannedFault): { chosen: Link[]; other: boolean } {
  const choices = [...links.map((link) => [link]), [...links]];
  const scaled = target * choices.length;
  return { chosen: choices[Math.floor(scaled)] ?? [...links], other: scaled % 1 < 0.5 };
}

/** Every connection is reset; new ones pass. */
export async function cut(links: readonly Link[], fault: PlannedFault): Promise<string> {
  const { chosen } = choose(links, fault);
  for (const { proxy } of chosen) proxy.cut();
  return tell(chosen);
}

/** Nothing passes and nobody is told. Afterwards what was sent arrives, or those connections stay silent for ever. */
export async function fallSilent(links: readonly Link[], fault: PlannedFault): Promise<string> {
  const { chosen, other } = choose(links, fault);
  for (const { proxy } of chosen) proxy.hold('both');
  await sleep(fault.lastsMs);
  for (const { proxy } of chosen) {
    if (other) proxy.release();
    else {
      proxy.strand();
      proxy.abandon();
    }
  }
  return `${tell(chosen)}, ${other ? 'delivered late' : 'never delivered'}`;
}
