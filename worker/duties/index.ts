/** Every duty there is. */
import type { WorkerDeps } from '../deps.ts';
import { createBulk } from './bulk.ts';
import { createDeliverEvents } from './deliver-events.ts';
import { createEventDispatch } from './dispatch-events.ts';
import type { Duty } from './duty.ts';
import { createFireSchedules } from './fire-schedules.ts';
import { createOrgSlotsDuty } from './org-slots.ts';
import { createPartitionDuty } from './partitions.ts';
import { createRetention } from './retention.ts';
import { createUnpark } from './unpark.ts';
import { createLifecycleEvents } from './lifecycle-events.ts';
import { createListenerSweep } from './sweep-listeners.ts';

/** @returns the duties of one worker, which it starts when it is ready and stops when it ends */
export const createDuties = (deps: WorkerDeps): Duty[] => [
  createEventDispatch(deps),
  createListenerSweep(deps),
  createFireSchedules(deps),
  createOrgSlotsDuty(deps),
  createUnpark(deps),
  createDeliverEvents(deps),
  createLifecycleEvents(deps),
  createRetention(deps),
  createPartitionDuty(deps),
  createBulk(deps),
];
