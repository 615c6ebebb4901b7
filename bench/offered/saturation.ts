/** What a system gets done when clients send as fast as they are answered. */
import type { Child } from '../lib/child.ts';
import type { ClosedLoad, ClosedResult } from '../lib/load/closed.ts';
import type { Services } from '../lib/services.ts';
import { readEnded, waitDrained, type System } from '../lib/system.ts';

const CONNECTIONS = 64;

/** Runs created and completed per second, of `count` from 64 clients. @param load the closed loop */
export async function saturation(
  system: System,
  services: Services,
  load: Child,
  count: number,
): Promise<number> {
  const command: ClosedLoad = {
    kind: 'closed',
    targets: system.targets('sets'),
    json: '{}',
    connections: CONNECTIONS,
    count,
  };
  const { startedAtMs } = await load.ask<ClosedResult>(command);
  await waitDrained(system, services.redis);
  const { lastFinishedMs, succeeded } = await readEnded(system, startedAtMs);
  return (succeeded / (lastFinishedMs - startedAtMs)) * 1000;
}
