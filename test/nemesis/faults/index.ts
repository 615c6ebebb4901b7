/** What each fault does: resolves when what it broke is mended, with a few words on what that was. */
import type { FaultKind, PlannedFault } from '../plan.ts';
import type { NemesisStack } from '../stack/index.ts';
import { cut, fallSilent } from './connections.ts';
import * as database from './postgres.ts';
import * as processes from './processes.ts';
import * as queue from './redis.ts';

type Fault = (stack: NemesisStack, fault: PlannedFault) => Promise<string>;

export const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  worker_kill: ({ fleet }, fault) => processes.kill(fleet.workers, fault),
  worker_pause: ({ fleet }, fault) => processes.pause(fleet.workers, fault),
  worker_stop: ({ fleet }, fault) => processes.stop(fleet.workers, fault),
  api_kill: ({ fleet }, fault) => processes.kill(fleet.apis, fault),
  api_pause: ({ fleet }, fault) => processes.pause(fleet.apis, fault),
  api_stop: ({ fleet }, fault) => processes.stop(fleet.apis, fault),
  everything_stops: processes.stopEverything,
  redis_kill: queue.killAndEmpty,
  redis_restart: queue.restart,
  redis_pause: queue.pause,
  redis_loses_second: queue.loseLastSecond,
  redis_flush: queue.flush,
  redis_full: queue.fill,
  redis_cut: ({ toRedis }, fault) => cut(toRedis, fault),
  redis_silent: ({ toRedis }, fault) => fallSilent(toRedis, fault),
  postgres_kill: database.kill,
  postgres_restart: database.restart,
  postgres_pause: database.pause,
  postgres_cut: ({ toPostgres }, fault) => cut(toPostgres, fault),
  postgres_silent: ({ toPostgres }, fault) => fallSilent(toPostgres, fault),
};
