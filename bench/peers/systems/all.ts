/** Every system that can be asked for. */
import type { System } from '../system.ts';
import { dbos, dbosInProcess } from './dbos.ts';
import { n8n, n8nUnrecorded } from './n8n.ts';
import { openworkflow } from './openworkflow.ts';
import { bullmq, graphileWorker, pgBoss, pgBossPolling } from './queues.ts';
import { restate, restateCall } from './restate.ts';
import { vespid, vespidSets } from './vespid.ts';

/** By job: Vespid first, against which the others are set. */
export const SYSTEMS: readonly System[] = [
  vespid,
  openworkflow,
  dbos,
  dbosInProcess,
  restate,
  restateCall,
  n8n,
  n8nUnrecorded,
  vespidSets,
  bullmq,
  pgBoss,
  pgBossPolling,
  graphileWorker,
];
