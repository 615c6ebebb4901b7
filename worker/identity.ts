/** Who this worker process is: a new id at every start, so that a restart never inherits a lease. */
import { hostname } from 'node:os';
import { uuidv7 } from 'uuidv7';
import type { WorkerIdentity } from '../lib/db/workers.ts';

export const newIdentity = (concurrency: number, readsFormat: number): WorkerIdentity => ({
  id: uuidv7(),
  hostname: hostname(),
  pid: process.pid,
  concurrency,
  readsFormat,
});
