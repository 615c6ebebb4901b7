/** All that a scenario works with. */
import type { Accounts } from './accounting.ts';
import { readAccounts } from './accounting.ts';
import type { Child } from './child.ts';
import type { ClosedLoad, ClosedResult } from './load/closed.ts';
import type { Services } from './services.ts';
import type { Job, System } from './system.ts';

export interface Bench {
  services: Services;
  baseline: System;
  vespid: System;
  load: Child;
  bundles: { noopWorker: string };
  sizes: Sizes;
}

export interface Sizes {
  rounds: number;
  /** Queued runs before those of the drain that are timed, while the new worker warms up. */
  warmUp: number;
  /** Runs of the timed drain. */
  drain: number;
  /** Runs of created and completed. */
  complete: number;
  /** Of these with HTTP steps. */
  calls: number;
  /** Requests at 20/s. */
  paced: number;
  coldStarts: number;
  scaleRounds: number;
}

export const CONNECTIONS = 64;
export const CONCURRENCY = 50;
export const RATE_PER_SECOND = 20;
export const EMPTY_BODY = '{}';

/** The closed load of that many POSTs to every API of the system. @throws {Error} when one is not accepted */
export async function postAll(bench: Bench, system: System, job: Job, count: number): Promise<ClosedResult> {
  const command: ClosedLoad = {
    kind: 'closed',
    targets: system.targets(job),
    json: EMPTY_BODY,
    connections: CONNECTIONS,
    count,
  };
  const result = await bench.load.ask<ClosedResult>(command);
  if (result.statuses['201'] !== count)
    throw new Error(`${system.name} answered ${JSON.stringify(result.statuses)}`);
  return result;
}

export function accountsOf({ services, load }: Bench, system: System): Promise<Accounts> {
  const pids = (list: System['apis']): number[] => list.map(({ pid }) => pid);
  return readAccounts({
    apis: pids(system.apis),
    workers: pids(system.workers),
    redisPid: services.redisPid,
    postgresPid: services.postgresPid,
    loadPid: load.pid,
    redis: services.redis,
    sql: system.sql,
  });
}
